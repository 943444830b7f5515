//! Lists in pages: `?after=<id>` is what is behind a row, as in the API.

use purser_core::text::is_plain;
use purser_store::read::page::Page;
use serde::Deserialize;

use crate::problem::Problem;

/// Rows of a page: what is read without losing oneself.
const ROWS: usize = 25;
/// The longest id of a list.
const AFTER_CHARS_MAX: usize = 64;

/// Which part of a list is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct After {
    after: Option<String>,
}

/// Where the rest of a list is.
pub struct Pager {
    /// The beginning, if this is not it.
    pub newest: Option<String>,
    /// What follows, if anything does.
    pub older: Option<String>,
}

impl After {
    /// The page.
    pub fn page(&self) -> Result<Page, Problem> {
        let is_no_id = |after: &String| !is_plain(after, AFTER_CHARS_MAX);
        if self.after.as_ref().is_some_and(is_no_id) {
            return Err(Problem::malformed("after", "that is no id"));
        }
        let page = Page::new(self.after.clone(), ROWS);
        page.ok_or_else(|| Problem::internal("a page has more rows than a list gives"))
    }

    /// Where the rest of the list at `path` is, of which `next` begins the following page.
    pub fn pager(&self, path: &str, next: Option<&str>) -> Pager {
        let behind = |id: &str| {
            let id = url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>();
            format!("{path}?after={id}")
        };
        Pager { newest: self.after.as_ref().map(|_| path.to_owned()), older: next.map(behind) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_leads_on_and_back_to_its_beginning() {
        let first = After::default().pager("/desk/sales", Some("item_1&x"));
        assert_eq!(first.newest, None);
        assert_eq!(first.older.as_deref(), Some("/desk/sales?after=item_1%26x"));
        let last = After { after: Some("item_1".into()) }.pager("/desk/sales", None);
        assert_eq!((last.newest.as_deref(), last.older), (Some("/desk/sales"), None));
        assert!(After { after: Some("\n".into()) }.page().is_err());
        assert!(After { after: Some("x".repeat(65)) }.page().is_err());
    }
}
