//! What each problem means and what to do about it: the pages that `type` of RFC 9457 leads to. They are for whoever
//! writes programs, and in English, as the documents of the API are.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Path};
use askama::Template;

use super::{Answered, shell::Shell};
use crate::problem::{self, Kind, Problem};

/// What a problem means changes with a new version only.
const CACHED: &str = "private, max-age=300";

#[derive(Template)]
#[template(path = "problems.html")]
struct ListPage<'a> {
    shell: &'a Shell,
    kinds: Vec<Kind>,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct OnePage<'a> {
    shell: &'a Shell,
    kind: Kind,
    meaning: Vec<Prose>,
    cure: Vec<Prose>,
}

/// A piece of text: as people write it, or as programs do.
#[derive(Debug, PartialEq, Eq)]
struct Prose {
    text: String,
    is_code: bool,
}

/// The list of all problems.
pub async fn list(request: HttpRequest) -> Answered {
    let shell = Shell::bare(&request);
    send(&ListPage { shell: &shell, kinds: Kind::all().collect() })
}

/// One problem.
pub async fn one(request: HttpRequest, name: Path<String>) -> Answered {
    let kind = Kind::parse(&name).ok_or_else(|| Problem::new(problem::NOT_FOUND))?;
    let shell = Shell::bare(&request);
    let (meaning, cure) = (prose(kind.meaning()), prose(kind.cure()));
    send(&OnePage { shell: &shell, kind, meaning, cure })
}

fn send(page: &impl Template) -> Answered {
    let html = page.render().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, CACHED))
        .insert_header((header::VARY, "Accept, Accept-Language, Cookie"))
        .body(html))
}

/// What stands between backticks is code.
fn prose(text: &str) -> Vec<Prose> {
    let pieces = text.split('`').enumerate();
    pieces.map(|(at, text)| Prose { text: text.to_owned(), is_code: at % 2 == 1 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        let piece = |text: &str, is_code| Prose { text: text.to_owned(), is_code };
        assert_eq!(
            prose("use `<b>` now"),
            [piece("use ", false), piece("<b>", true), piece(" now", false)]
        );
    }
}
