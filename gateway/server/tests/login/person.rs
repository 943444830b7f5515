//! A person with a browser: keeps cookies, follows one link at a time, and fills in the first form of a page.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::Value;
use ureq::Agent;
use url::Url;

pub(crate) struct Person {
    agent: Agent,
    base: String,
    cookies: RefCell<BTreeMap<String, String>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it leads, if it does.
    pub(crate) location: Option<String>,
    pub(crate) policy: String,
    pub(crate) body: String,
}

impl Person {
    pub(crate) fn new(base: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        Self { agent: config.into(), base: base.to_owned(), cookies: RefCell::default() }
    }

    pub(crate) fn get(&self, address: &str) -> Page {
        let request = self.agent.get(self.at(address)).header("Accept", "text/html");
        self.read(request.header("Cookie", self.cookie()).call().unwrap())
    }

    /// Sends a form, from a page of the gateway.
    pub(crate) fn post(&self, address: &str, fields: &[(&str, &str)]) -> Page {
        let request = self.agent.post(self.at(address)).header("Accept", "text/html");
        let request = request.header("Cookie", self.cookie());
        let request = request.header("Origin", &self.base).header("Sec-Fetch-Site", "same-origin");
        self.read(request.send_form(fields.iter().copied()).unwrap())
    }

    /// Sends a form from a page of somebody else: a browser sends no cookie along.
    pub(crate) fn post_from_elsewhere(&self, address: &str, fields: &[(&str, &str)]) -> Page {
        let request = self.agent.post(self.at(address)).header("Accept", "text/html");
        let request = request.header("Origin", "https://shop.example");
        let request = request.header("Sec-Fetch-Site", "cross-site");
        self.read(request.send_form(fields.iter().copied()).unwrap())
    }

    /// Sends the first form of a page whole, with these fields filled in.
    #[track_caller]
    pub(crate) fn submit(&self, page: &Page, filled: &[(&str, &str)]) -> Page {
        let (action, hidden) = page.form();
        let mut fields: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.extend(filled);
        self.post(&action, &fields)
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
            page = match &page.location {
                Some(location) if location.starts_with('/') => self.get(location),
                Some(location) => return location.clone(),
                None if page.body.contains("name=\"password\"") => self.sign_in_on(&page, login),
                None => self.submit(&page.ok(), &[]),
            };
        }
        panic!("no way to the shop: {page:?}");
    }

    fn at(&self, address: &str) -> String {
        let local = address.starts_with('/');
        if local { format!("{}{address}", self.base) } else { address.to_owned() }
    }

    fn cookie(&self) -> String {
        let cookies = self.cookies.borrow();
        let pairs = cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn read(&self, mut response: ureq::http::Response<ureq::Body>) -> Page {
        for cookie in response.headers().get_all("Set-Cookie") {
            let cookie = cookie.to_str().unwrap();
            let pair = cookie.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        Page {
            status: response.status().as_u16(),
            location: header("Location"),
            policy: header("Content-Security-Policy").unwrap_or_default(),
            body: response.body_mut().read_to_string().unwrap(),
        }
    }
}

impl Page {
    /// The page, if it is one.
    #[track_caller]
    pub(crate) fn ok(&self) -> Self {
        assert_eq!(self.status, 200, "{self:?}");
        self.clone()
    }

    /// Where the page leads.
    #[track_caller]
    pub(crate) fn leads(&self) -> String {
        assert_eq!(self.status, 303, "{self:?}");
        self.location.clone().unwrap()
    }

    /// The links of the page.
    pub(crate) fn links(&self) -> Vec<String> {
        attributes(&self.body, "href")
    }

    /// Where the first form leads, and its hidden fields.
    #[track_caller]
    fn form(&self) -> (String, Vec<(String, String)>) {
        let form = self.body.split_once("<form").expect("a page with a form").1;
        let form = form.split_once("</form>").unwrap().0;
        let action = attributes(form, "action").remove(0);
        let hidden = form.split("<input").skip(1).map(|input| input.split('>').next().unwrap());
        let hidden = hidden.filter(|input| input.contains("type=\"hidden\""));
        let pair = |input: &str| {
            (attributes(input, "name").remove(0), attributes(input, "value").remove(0))
        };
        (action, hidden.map(pair).collect())
    }
}

fn attributes(html: &str, name: &str) -> Vec<String> {
    let start = format!(" {name}=\"");
    let values = html.split(start.as_str()).skip(1).map(|rest| rest.split('"').next().unwrap());
    values.map(plain).collect()
}

fn plain(escaped: &str) -> String {
    let named = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    named.iter().fold(escaped.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// A parameter of an address.
pub(crate) fn parameter(address: &str, name: &str) -> Option<String> {
    let url = Url::parse(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}
