//! Marks that posts print, read as somebody else has read them.

use purser_sdk::indicium::{self, IbiLite, RoyalMailStamp};

use crate::{area, text};

#[test]
fn marks_say_what_others_read_in_them() {
    for example in area("estamp") {
        let (input, expected) = (text(&example.input), &example.expected);
        match example.id.as_str() {
            "ibi-lite" => {
                let bytes: Vec<u8> = (0..input.len() / 2)
                    .map(|at| {
                        u8::from_str_radix(input.get(2 * at..2 * at + 2).unwrap(), 16).unwrap()
                    })
                    .collect();
                let mark = IbiLite::parse(&bytes).unwrap();
                let hmac: String = mark.hmac.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(expected["version"], mark.version);
                assert_eq!(expected["piece_counter"], mark.piece_counter);
                assert_eq!(expected["vendor_model"], mark.vendor_model);
                assert_eq!(expected["psd_serial"], mark.psd_serial);
                assert_eq!(expected["postage_mils"], mark.postage_mils);
                assert_eq!(expected["mail_service"], mark.mail_service);
                assert_eq!(expected["hmac"], hmac);
                let claims = indicium::read(&bytes).unwrap();
                assert_eq!((claims.value, claims.currency.code()), (40_600, "USD"), "40.6 cents");
                assert_eq!([claims.signed, claims.signature].concat(), bytes);
            }
            "rm-stamp" => {
                let stamp = RoyalMailStamp::parse(input.as_bytes()).unwrap();
                let RoyalMailStamp { product, source, reference, item, .. } = &stamp;
                let said = format!(
                    "prefix JGB, product {product}, source {source}, ref {reference:07}, item {item:08}, value {:05} \
                     ({}p), date {}, {:02}, 18-hex security block",
                    stamp.value_pence,
                    stamp.value_pence,
                    stamp.made_on.strftime("%d%m%y"),
                    stamp.kind,
                );
                assert_eq!(expected, said.as_str());
                let claims = indicium::read(input.as_bytes()).unwrap();
                assert_eq!((claims.value, claims.currency.code()), (20_000, "GBP"), "20 pence");
                assert_eq!(claims.signed, &input.as_bytes()[..37]);
            }
            other => panic!("{other} has no test"),
        }
    }
}
