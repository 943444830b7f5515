//! A key on somebody's ring: an authenticator and a browser's half of WebAuthn, which nobody here wrote.

use std::collections::HashMap;

use serde_json::{Value, json};
use url::Url;
use webauthn_authenticator_rs::{WebauthnAuthenticator as _, softpasskey::SoftPasskey};

use crate::{
    browser::{Browser, Page, attribute},
    support::World,
};

/// Where a buyer's passkeys are.
pub(crate) const MINE: &str = "/wallet/account/passkeys";

/// A key on somebody's ring. The one inside keeps nothing; this knows by heart what it was told to keep.
pub(crate) struct Ring {
    key: SoftPasskey,
    /// The ids of what it made, each with what the gateway calls its user by.
    handles: HashMap<String, Value>,
    /// Where its browser is.
    pub(crate) origin: Url,
}

impl Ring {
    pub(crate) fn new(world: &World) -> Self {
        let key = SoftPasskey::new(true);
        Self { key, handles: HashMap::new(), origin: origin(world) }
    }

    /// Answers the challenge of a page, as its script does.
    pub(crate) fn answer(&mut self, page: &Page) -> String {
        let form = page.body.split("<form").find(|form| form.contains("data-passkey")).unwrap();
        let form = form.split('>').next().unwrap();
        let options: Value =
            serde_json::from_str(&attribute(form, "data-options").unwrap()).unwrap();
        let answer = match attribute(form, "data-passkey").unwrap().as_str() {
            "create" => self.made(options),
            _ => self.shown(options),
        };
        answer.to_string()
    }

    fn made(&mut self, mut options: Value) -> Value {
        let handle = options["user"]["id"].clone();
        options["authenticatorSelection"]["requireResidentKey"] = json!(false);
        let options = serde_json::from_value(json!({ "publicKey": options })).unwrap();
        let made = self.key.do_registration(self.origin.clone(), options).unwrap();
        self.handles.insert(made.id.clone(), handle);
        serde_json::to_value(made).unwrap()
    }

    fn shown(&mut self, mut options: Value) -> Value {
        let asked_for_any = options.get("allowCredentials").is_none();
        if asked_for_any {
            let own = self.handles.keys().map(|id| json!({ "type": "public-key", "id": id }));
            options["allowCredentials"] = own.collect();
        }
        let options = serde_json::from_value(json!({ "publicKey": options })).unwrap();
        let shown = self.key.do_authentication(self.origin.clone(), options).unwrap();
        let handle = self.handles[&shown.id].clone();
        let mut shown = serde_json::to_value(shown).unwrap();
        if asked_for_any {
            shown["response"]["userHandle"] = handle;
        }
        shown
    }

    /// Makes a passkey for whoever is signed in, and gives the page after that.
    #[track_caller]
    pub(crate) fn made_in(
        &mut self,
        browser: &mut Browser,
        at: &str,
        confirmed: &[(&str, &str)],
    ) -> Page {
        let page = browser.get(at).ok();
        let fields = [&[("passkey_name", "blue key")], confirmed].concat();
        let asked = browser.send(&page, at, &fields).ok();
        let answer = self.answer(&asked);
        let answered = browser.submit(&asked, &[("answer", &answer)]);
        browser.get(at).ok().says("<bdi>blue key</bdi>");
        answered
    }
}

/// The gateway by its name: 127.0.0.1 is none.
pub(crate) fn origin(world: &World) -> Url {
    Url::parse(&world.base.replace("127.0.0.1", "localhost")).unwrap()
}

/// What a buyer shows to change passkeys.
pub(crate) fn secrets(login: &Value) -> [(&str, &str); 2] {
    [("pin", login["pin"].as_str().unwrap()), ("password", login["password"].as_str().unwrap())]
}
