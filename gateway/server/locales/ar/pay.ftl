pay-title = الدفع
pay-sold-by = البائع
pay-price = السعر
pay-tax-within = السعر يشمل ضريبة البلد الذي أنت فيه.
pay-tax-added = تُضاف ضريبة البلد الذي أنت فيه قبل أن تدفع.
pay-sign-in = سجّل الدخول لترى الضريبة والسعر الكامل. لا يُدفع شيء قبل موافقتك.
pay-country = البلد
pay-country-hint = حرفان مثل DE أو JP، وفي كندا والولايات المتحدة مع المنطقة مثل US-CA. الضريبة تتوقف على ذلك.
pay-country-submit = اعرض السعر في هذا البلد
pay-net = السعر دون ضريبة
pay-gross = السعر مع الضريبة
pay-rate = سعر الصرف
pay-rate-is = 1 { $from } = { $rate } { $to }
pay-charged = يخرج من محفظتك
pay-refund-days = { $days ->
    [one] يمكنك إرجاعه خلال يوم واحد.
    [two] يمكنك إرجاعه خلال يومين.
    [few] يمكنك إرجاعه خلال { $days } أيام.
    [many] يمكنك إرجاعه خلال { $days } يومًا.
   *[other] يمكنك إرجاعه خلال { $days } يوم.
}
pay-refund-none = بيع نهائي: لا يمكن إرجاعه.
pay-total = المجموع
pay-balance = في محفظتك
pay-left = يبقى بعد ذلك
pay-missing = ينقص محفظتك { $amount }. اشحن بطاقة ثم تعود إلى هنا.
pay-pin-hint = هذا المبلغ يحتاج إلى رقمك السري.
pay-consent = عند الضغط على الزر يخرج المجموع من محفظتك إلى المتجر. لن يعرف المتجر من أنت.
pay-submit = ادفع { $amount }
pay-cancel = لا تدفع
pay-taxed-in = الضريبة في { $country }: غيّرها أو اشترِ باسم شركة
pay-tax-id = الرقم الضريبي للشركة
pay-tax-id-hint = للشركات فقط. يُحفظ مع هذه العملية وحدها.
pay-tax-id-submit = اعرض السعر للشركات
pay-bought = لقد اشتريت هذا من قبل، وهو يُباع مرة واحدة فقط.
pay-bought-link = اعرض مشترياتك
pay-paid = تم الدفع
pay-back-to = العودة إلى { $shop }
pay-told-later = سيُبلَّغ { $shop } بعد قليل، حتى لا يعرف متجران أنك دفعت لهما معًا. عندئذ يظهر هنا رابط العودة إليه.
pay-look-again = تحقق مرة أخرى
pay-receipt = اعرض الإيصال
wrong-tax_id = هذا الرقم الضريبي غير صحيح. صححه أو اتركه فارغًا للشراء كمستهلك.
