//! A small browser: it keeps cookies, fills in forms, and follows a link only when it is told to.

#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use std::collections::BTreeMap;

use ureq::Agent;

use crate::support::{World, login, new_key};

/// Somebody's browser.
#[derive(Clone)]
pub struct Browser {
    agent: Agent,
    base: String,
    /// Its cookies, by name.
    pub cookies: BTreeMap<String, String>,
    /// What it sends beside them.
    pub headers: Vec<(String, String)>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    /// Headers by lower-case name; of several with one name, all lines.
    pub headers: BTreeMap<String, Vec<String>>,
    pub body: String,
}

impl Browser {
    pub fn new(world: &World) -> Self {
        Self::at(&world.base)
    }

    /// A browser that asks at an address.
    pub fn at(base: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
        Self {
            agent: config.build().into(),
            base: base.to_owned(),
            cookies: BTreeMap::new(),
            headers: vec![("Accept".into(), "text/html".into())],
        }
    }

    /// The same browser, which sends one more header.
    pub fn sending(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name.into(), value.into()));
        other
    }

    /// A browser in which a new buyer is signed in, and the login.
    pub fn of_buyer(world: &World) -> (Self, serde_json::Value) {
        let login = login(&format!("{}@example.com", new_key()));
        world.sign_up(&crate::support::but(&login, "country", "DE"));
        let mut browser = Self::new(world);
        browser.sign_in(&login);
        (browser, login)
    }

    /// Signs a buyer in.
    #[track_caller]
    pub fn sign_in(&mut self, login: &serde_json::Value) {
        let field = |name: &str| login[name].as_str().unwrap().to_owned();
        let page = self.get("/login").ok();
        let (email, pin, password) = (field("email"), field("pin"), field("password"));
        let fields = [("email", &*email), ("pin", &*pin), ("password", &*password)];
        self.submit(&page, &fields).leads_to("/wallet");
    }

    /// Signs in to a desk with a key.
    #[track_caller]
    pub fn open_desk(&mut self, area: &str, key: &str) {
        let page = self.get(&format!("{area}/login")).ok();
        self.submit(&page, &[("key", key)]).leads_to(area);
    }

    /// Opens a page.
    pub fn get(&mut self, path: &str) -> Page {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        for (name, value) in self.sent() {
            request = request.header(name, value);
        }
        self.heard(request.call().unwrap())
    }

    /// Sends a form.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        let body = body.extend_pairs(fields).finish();
        self.post_as(path, "application/x-www-form-urlencoded", &body)
    }

    /// Sends a body of some media type.
    pub fn post_as(&mut self, path: &str, media_type: &str, body: &str) -> Page {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        for (name, value) in self.sent() {
            request = request.header(name, value);
        }
        self.heard(request.content_type(media_type).send(body).unwrap())
    }

    /// Sends the first form of a page with its hidden fields and these.
    #[track_caller]
    pub fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        self.submit_nth(page, 0, fields)
    }

    /// Sends one form of a page with its hidden fields and these.
    #[track_caller]
    pub fn submit_nth(&mut self, page: &Page, nth: usize, fields: &[(&str, &str)]) -> Page {
        let form = page.form(nth);
        let mut sent = form.fields.clone();
        for (name, value) in fields {
            sent.retain(|(other, _)| other != name || name.ends_with("[]"));
            sent.push(((*name).to_owned(), (*value).to_owned()));
        }
        let sent: Vec<(&str, &str)> =
            sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&form.action, &sent)
    }

    /// Sends one form of a page with its hidden fields, these, and a file behind them.
    #[track_caller]
    pub fn upload(
        &mut self,
        (page, nth): (&Page, usize),
        fields: &[(&str, &str)],
        file: &[u8],
    ) -> Page {
        const BOUNDARY: &str = "----a-boundary-of-the-tests";
        let form = page.form(nth);
        let hidden = form.fields.iter().filter(|(name, _)| name != "file");
        let hidden = hidden.map(|(name, value)| (name.as_str(), value.as_str()));
        let mut body = Vec::new();
        for (name, value) in hidden.chain(fields.iter().copied()) {
            let part = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend(part.into_bytes());
        }
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a file\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(file);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
        let mut request = self.agent.post(format!("{}{}", self.base, form.action));
        for (name, value) in self.sent() {
            request = request.header(name, value);
        }
        let request = request.content_type(format!("multipart/form-data; boundary={BOUNDARY}"));
        self.heard(request.send(&body[..]).unwrap())
    }

    /// Sends the form of a page that leads to this address, with its hidden fields and these.
    #[track_caller]
    pub fn send(&mut self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        // A form that only asks may lead to the same address.
        let mut forms = page.body.split("<form").skip(1);
        let posted = format!("method=\"post\" action=\"{action}\"");
        let nth = forms.position(|form| form.split('>').next().unwrap().contains(&posted));
        let nth = nth.unwrap_or_else(|| panic!("no form leads to {action}: {}", page.body));
        self.submit_nth(page, nth, fields)
    }

    fn sent(&self) -> Vec<(String, String)> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut headers = self.headers.clone();
        if !cookies.is_empty() {
            headers.push(("Cookie".into(), cookies.join("; ")));
        }
        headers
    }

    fn heard(&mut self, mut response: ureq::http::Response<ureq::Body>) -> Page {
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in response.headers() {
            let value = value.to_str().unwrap().to_owned();
            headers.entry(name.as_str().to_owned()).or_default().push(value);
        }
        for cookie in headers.get("set-cookie").into_iter().flatten() {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() || attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let status = response.status().as_u16();
        let media_type = headers.get("content-type").and_then(|lines| lines.first());
        // What happens live goes on for ever.
        let live = media_type.is_some_and(|media_type| media_type.starts_with("text/event-stream"));
        let body = if live { String::new() } else { response.body_mut().read_to_string().unwrap() };
        Page { status, headers, body }
    }
}

/// A form as it stands on a page.
#[derive(Debug, Clone)]
pub struct HtmlForm {
    pub action: String,
    /// Its fields with what is in them already.
    pub fields: Vec<(String, String)>,
}

impl Page {
    /// A page that came as it should.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }

    /// A page about a problem.
    #[track_caller]
    pub fn problem(self, status: u16, name: &str) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        let link = format!("/problems/{name}\"");
        assert!(self.body.contains(&link), "no word of {name}: {}", self.body);
        self
    }

    /// A redirect to this path.
    #[track_caller]
    pub fn leads_to(self, path: &str) -> Self {
        let location = self.header("location").unwrap_or_default();
        assert_eq!((self.status, location), (303, path), "{}", self.body);
        self
    }

    /// A header that is there once.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.headers.get(name)?;
        assert_eq!(lines.len(), 1, "{name}: {lines:?}");
        lines.first().map(String::as_str)
    }

    /// Checks that it says this.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "no word of {text:?}: {}", self.body);
        self
    }

    /// A form of the page.
    #[track_caller]
    pub fn form(&self, nth: usize) -> HtmlForm {
        let html = self.body.split("<form").nth(nth + 1);
        let html = html.unwrap_or_else(|| panic!("no form {nth} in {}", self.body));
        let html = html.split("</form>").next().unwrap();
        let (head, rest) = html.split_once('>').unwrap();
        let inputs = rest.split("<input").skip(1).filter_map(|input| {
            let input = input.split('>').next().unwrap();
            let unticked = (input.contains("checkbox") || input.contains("radio"))
                && !input.contains(" checked");
            let name = attribute(input, "name").filter(|_| !unticked)?;
            Some((name, attribute(input, "value").unwrap_or_default()))
        });
        HtmlForm { action: attribute(head, "action").unwrap(), fields: inputs.collect() }
    }
}

/// An attribute's value, as it was before it was escaped.
pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    let plain = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    Some(plain.iter().fold(value.to_owned(), |text, (escaped, one)| text.replace(escaped, one)))
}
