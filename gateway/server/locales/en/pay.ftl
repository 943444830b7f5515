pay-title = Pay
pay-sold-by = Sold by
pay-price = Price
pay-tax-within = The price includes the tax of the country where you are.
pay-tax-added = The tax of the country where you are is added before you pay.
pay-sign-in = Sign in to see the tax and the whole price. Nothing is paid before you agree to it.
pay-country = Country
pay-country-hint = Two letters, like DE or JP; in Canada and the United States with the region, like US-CA. The tax depends on it.
pay-country-submit = Show the price there
pay-net = Price without tax
pay-gross = Price with tax
pay-rate = Rate
pay-rate-is = 1 { $from } = { $rate } { $to }
pay-charged = Leaves your vault
pay-refund-days = { $days ->
    [one] You can give it back within one day.
   *[other] You can give it back within { $days } days.
}
pay-refund-none = A final sale: it cannot be given back.
pay-total = Total
pay-balance = In your vault
pay-left = Left afterwards
pay-missing = { $amount } is missing in your vault. Load a card, and you come back here.
pay-pin-hint = This amount needs your PIN.
pay-consent = When you press the button, the total leaves your vault and goes to the shop. The shop does not learn who you are.
pay-submit = Pay { $amount }
pay-cancel = Do not pay
pay-taxed-in = Taxed in { $country }: change, or buy for a business
pay-tax-id = Tax number of a business
pay-tax-id-hint = Only for businesses. It is kept with this purchase and nowhere else.
pay-tax-id-submit = Show the price for a business
pay-bought = You have bought this already. It is there only once.
pay-bought-link = See your purchase
pay-paid = Paid
pay-back-to = Back to { $shop }
pay-told-later = { $shop } is told in a little while, so that no two shops can tell that you paid both. Then the way back is here.
pay-look-again = Look again
pay-receipt = Show the receipt
wrong-tax_id = This tax number is not valid. Correct it, or leave it out to buy as a consumer.
