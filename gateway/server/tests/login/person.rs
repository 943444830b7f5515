//! A person who logs in at shops: in a browser, following one link at a time.

use std::cell::RefCell;

use serde_json::Value;
use url::Url;

use crate::browser::{Browser, Page, attribute};

pub(crate) struct Person {
    browser: RefCell<Browser>,
    base: String,
}

impl Person {
    pub(crate) fn new(base: &str) -> Self {
        Self { browser: Browser::at(base).into(), base: base.to_owned() }
    }

    /// Follows a link, which may be a whole address.
    pub(crate) fn get(&self, address: &str) -> Page {
        let path = address.strip_prefix(&self.base).unwrap_or(address);
        self.browser.borrow_mut().get(path)
    }

    /// Sends a form, from a page of the gateway.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let from_here = self.browser.borrow().sending("Origin", &self.base);
        from_here.sending("Sec-Fetch-Site", "same-origin").post(path, fields)
    }

    /// Sends a form from a page of somebody else: a browser sends no cookie along.
    pub(crate) fn post_from_elsewhere(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let elsewhere = Browser::at(&self.base).sending("Origin", "https://shop.example");
        elsewhere.sending("Sec-Fetch-Site", "cross-site").post(path, fields)
    }

    /// Sends the first form of a page whole, with these fields filled in.
    #[track_caller]
    pub(crate) fn submit(&self, page: &Page, filled: &[(&str, &str)]) -> Page {
        self.browser.borrow_mut().submit(page, filled)
    }

    /// Signs in on a page that asks for it.
    #[track_caller]
    pub(crate) fn sign_in_on(&self, page: &Page, login: &Value) -> Page {
        let field = |name: &str| login[name].as_str().unwrap().to_owned();
        let (email, pin, password) = (field("email"), field("pin"), field("password"));
        self.submit(page, &[("email", &email), ("pin", &pin), ("password", &password)])
    }

    /// Goes all the way that a shop asks for, and gives the address at the shop where it ends.
    #[track_caller]
    pub(crate) fn log_in(&self, address: &str, login: &Value) -> String {
        let mut page = self.get(address);
        for _ in 0..6 {
            page = match page.location() {
                Some(location) if location.starts_with('/') => self.get(location),
                Some(location) => return location.to_owned(),
                None if page.body.contains("name=\"password\"") => self.sign_in_on(&page, login),
                None => self.submit(&page.ok(), &[]),
            };
        }
        panic!("no way to the shop: {page:?}");
    }
}

/// What these tests look at in a page.
pub(crate) trait Seen {
    /// Where it leads, if it does.
    fn location(&self) -> Option<&str>;
    /// Where it leads.
    fn leads(&self) -> String;
    /// What it may load, and where its forms may end.
    fn policy(&self) -> &str;
    /// The links on it.
    fn links(&self) -> Vec<String>;
}

impl Seen for Page {
    fn location(&self) -> Option<&str> {
        self.header("location")
    }

    #[track_caller]
    fn leads(&self) -> String {
        assert_eq!(self.status, 303, "{self:?}");
        self.location().unwrap().to_owned()
    }

    fn policy(&self) -> &str {
        self.header("content-security-policy").unwrap_or_default()
    }

    fn links(&self) -> Vec<String> {
        self.body.split("<a").skip(1).filter_map(|tag| attribute(tag, "href")).collect()
    }
}

/// A parameter of an address.
pub(crate) fn parameter(address: &str, name: &str) -> Option<String> {
    let url = Url::parse(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}
