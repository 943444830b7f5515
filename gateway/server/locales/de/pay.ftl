pay-title = Bezahlen
pay-sold-by = Verkauft von
pay-price = Preis
pay-tax-within = Im Preis ist die Steuer des Landes enthalten, in dem Sie sind.
pay-tax-added = Die Steuer des Landes, in dem Sie sind, kommt hinzu, bevor Sie bezahlen.
pay-sign-in = Melden Sie sich an, um die Steuer und den ganzen Preis zu sehen. Bezahlt wird erst, wenn Sie zustimmen.
pay-country = Land
pay-country-hint = Zwei Buchstaben, etwa DE oder JP; in Kanada und den USA mit der Region, etwa US-CA. Davon hängt die Steuer ab.
pay-country-submit = Preis für dieses Land zeigen
pay-net = Preis ohne Steuer
pay-gross = Preis mit Steuer
pay-rate = Kurs
pay-rate-is = 1 { $from } = { $rate } { $to }
pay-charged = Verlässt Ihre Geldbörse
pay-refund-days = { $days ->
    [one] Sie können es innerhalb eines Tages zurückgeben.
   *[other] Sie können es innerhalb von { $days } Tagen zurückgeben.
}
pay-refund-none = Vom Umtausch ausgeschlossen: Es kann nicht zurückgegeben werden.
pay-total = Summe
pay-balance = In Ihrer Geldbörse
pay-left = Bleibt danach
pay-missing = In Ihrer Geldbörse fehlen { $amount }. Lösen Sie eine Karte ein; danach geht es hier weiter.
pay-pin-hint = Für diesen Betrag wird Ihre PIN gebraucht.
pay-consent = Wenn Sie auf die Schaltfläche drücken, geht die Summe aus Ihrer Geldbörse an den Laden. Wer Sie sind, erfährt der Laden nicht.
pay-submit = { $amount } bezahlen
pay-cancel = Nicht bezahlen
pay-taxed-in = Versteuert in { $country }: ändern oder als Unternehmen kaufen
pay-tax-id = Steuernummer eines Unternehmens
pay-tax-id-hint = Nur für Unternehmen. Sie wird bei diesem Kauf aufbewahrt und sonst nirgends.
pay-tax-id-submit = Preis für ein Unternehmen zeigen
pay-bought = Sie haben das schon gekauft. Es gibt es nur einmal.
pay-bought-link = Ihren Einkauf ansehen
pay-paid = Bezahlt
pay-back-to = Zurück zu { $shop }
pay-told-later = { $shop } erfährt es etwas später, damit keine zwei Läden merken, dass Sie beide bezahlt haben. Dann ist hier der Weg zurück.
pay-look-again = Noch einmal nachsehen
pay-receipt = Beleg zeigen
wrong-tax_id = Diese Steuernummer ist nicht gültig. Berichtigen Sie sie, oder lassen Sie sie weg, um als Verbraucher zu kaufen.
