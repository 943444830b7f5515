//! What a shop asks for: scopes of OpenID Connect.

use std::{fmt, str::FromStr};

/// All that can be asked for, in the order in which it is told.
pub const SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Scopes that hold no `openid`: this is OpenID Connect and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("scope must contain `openid`")]
pub struct NoOpenId;

/// `openid`, and what else a shop may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes {
    /// `preferred_username`: a name made for this shop.
    pub profile: bool,
    /// `email`: an alias made for this shop.
    pub email: bool,
    /// A refresh token that outlives the buyer's own session.
    pub offline_access: bool,
}

impl Scopes {
    /// Whether who agreed to these agreed to the others, too.
    pub const fn cover(self, others: Self) -> bool {
        (self.profile || !others.profile)
            && (self.email || !others.email)
            && (self.offline_access || !others.offline_access)
    }

    /// These and the others.
    pub const fn and(self, others: Self) -> Self {
        Self {
            profile: self.profile || others.profile,
            email: self.email || others.email,
            offline_access: self.offline_access || others.offline_access,
        }
    }

    /// What is in both.
    pub const fn within(self, others: Self) -> Self {
        Self {
            profile: self.profile && others.profile,
            email: self.email && others.email,
            offline_access: self.offline_access && others.offline_access,
        }
    }
}

impl FromStr for Scopes {
    type Err = NoOpenId;

    /// Names with blanks between them. Unknown ones are ignored, as OpenID Connect Core, section 3.1.2.1, advises.
    fn from_str(text: &str) -> Result<Self, NoOpenId> {
        let has = |name: &str| text.split(' ').any(|scope| scope == name);
        let [openid, profile, email, offline_access] = SCOPES.map(has);
        if openid { Ok(Self { profile, email, offline_access }) } else { Err(NoOpenId) }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = [true, self.profile, self.email, self.offline_access];
        let names = SCOPES.iter().zip(held).filter_map(|(name, held)| held.then_some(*name));
        f.write_str(&names.collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        text.parse().unwrap()
    }

    #[test]
    fn unknown_scopes_are_ignored_and_openid_is_needed() {
        assert_eq!(scopes("email openid phone email").to_string(), "openid email");
        assert_eq!(scopes("openid").to_string(), "openid");
        let all = "openid profile email offline_access";
        assert_eq!(scopes(all).to_string(), all);
        for text in ["", "profile email", "OPENID", "openid\tprofile"] {
            assert_eq!(text.parse::<Scopes>(), Err(NoOpenId), "{text}");
        }
    }

    #[test]
    fn who_agreed_to_more_agreed_to_less() {
        let all = scopes("openid profile email offline_access");
        assert!(all.cover(scopes("openid email")));
        assert!(scopes("openid").cover(scopes("openid")));
        assert!(!scopes("openid profile").cover(scopes("openid profile email")));
        assert!(!scopes("openid profile email").cover(all));
        assert_eq!(
            scopes("openid profile").and(scopes("openid email")),
            scopes("openid profile email")
        );
        assert_eq!(all.within(scopes("openid email")), scopes("openid email"));
    }
}
