//! Where a request came from: what guesses are counted by.
//!
//! Anybody can write a header, so headers are believed only if a proxy that the operator trusts has sent them, and only
//! back to the first hop that is not such a proxy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::{
    HttpRequest,
    http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR},
    web::Data,
};

use crate::{gateway::Gateway, network::Network};

/// Proxies in a row: nobody runs as many.
const HOPS_MAX: usize = 16;

/// The address that a request came from.
pub fn address(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let gateway = request.app_data::<Data<Gateway>>();
    let trusted = gateway.map_or(&[][..], |gateway| &gateway.settings.trusted_proxies);
    behind(peer, request.headers(), trusted)
}

/// Who is behind the peer. A proxy sets one of the two headers and hands the other on as the client wrote it; if they
/// differ, nobody knows which is which, and the proxy itself stands for its client.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let x_forwarded_for = first_untrusted(headers, &X_FORWARDED_FOR, trusted, node);
    let forwarded = first_untrusted(headers, &FORWARDED, trusted, forwarded_for);
    match (x_forwarded_for, forwarded) {
        (Some(one), Some(other)) if one != other => peer,
        (Some(client), _) | (None, Some(client)) => client,
        (None, None) => peer,
    }
}

fn is_trusted(address: IpAddr, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(address))
}

/// Each proxy appends whom it heard from, so the list is read from its end: up to the first hop that is no trusted proxy,
/// or as far as it can be read.
fn first_untrusted(
    headers: &HeaderMap,
    name: &HeaderName,
    trusted: &[Network],
    read: fn(&str) -> Option<IpAddr>,
) -> Option<IpAddr> {
    let lines: Vec<&str> =
        headers.get_all(name).map(|line| line.to_str().unwrap_or_default()).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let mut nearest = None;
    for hop in hops.take(HOPS_MAX) {
        let Some(address) = read(hop.trim()) else { break };
        nearest = Some(address);
        if !is_trusted(address, trusted) {
            break;
        }
    }
    nearest
}

/// `for=192.0.2.1;proto=https` (RFC 7239).
fn forwarded_for(hop: &str) -> Option<IpAddr> {
    let pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
    let mut nodes = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    nodes.next().and_then(|(_, quoted)| node(quoted.trim().trim_matches('"')))
}

/// An address, with or without a port; one of IPv6 with or without brackets.
fn node(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|node| node.ip());
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(with_port).or_else(|| bracketed().map(IpAddr::V6))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const CLIENT: &str = "198.51.100.7";
    const PROXY: &str = "10.0.0.1";

    /// Who sent a request with these headers to a gateway that trusts 10.0.0.0/8 and fd00::/8.
    fn sent(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        let request = headers
            .iter()
            .fold(TestRequest::default(), |request, header| request.append_header(*header));
        let request = request.to_http_request();
        behind(peer.parse().unwrap(), request.headers(), &trusted).to_string()
    }

    #[test]
    fn headers_of_strangers_do_not_say_where_a_request_came_from() {
        let peer = "192.0.2.1";
        assert_eq!(
            sent(peer, &[("X-Forwarded-For", CLIENT), ("Forwarded", "for=198.51.100.7")]),
            peer
        );
        let request = TestRequest::default()
            .peer_addr("192.0.2.1:5000".parse().unwrap())
            .insert_header(("X-Forwarded-For", CLIENT));
        assert_eq!(
            address(&request.to_http_request()).to_string(),
            peer,
            "nobody is trusted unless told"
        );
    }

    #[test]
    fn a_trusted_proxy_says_whom_it_heard_from() {
        let check = |name: &'static str, value: &str, expected: &str| {
            assert_eq!(sent(PROXY, &[(name, value)]), expected, "{name}: {value}");
        };
        check("X-Forwarded-For", CLIENT, CLIENT);
        check("X-Forwarded-For", "198.51.100.7:4711", CLIENT);
        check("X-Forwarded-For", "[2001:db8::1]:4711", "2001:db8::1");
        check("X-Forwarded-For", "::ffff:198.51.100.7", CLIENT);
        check("X-Forwarded-For", "203.0.113.1, 198.51.100.7", CLIENT);
        check("X-Forwarded-For", "203.0.113.1, 198.51.100.7, 10.2.3.4,fd00::5", CLIENT);
        check("X-Forwarded-For", "10.9.9.9", "10.9.9.9");
        check("X-Forwarded-For", "198.51.100.7, unknown", PROXY);
        check("X-Forwarded-For", "", PROXY);
        check("Forwarded", "for=198.51.100.7", CLIENT);
        check("Forwarded", "for=203.0.113.1, FOR = \"198.51.100.7:4711\" ;proto=https", CLIENT);
        check("Forwarded", "proto=https;for=\"[2001:db8::1]\"", "2001:db8::1");
        check("Forwarded", "for=_hidden", PROXY);
        assert_eq!(sent("::ffff:10.0.0.1", &[("X-Forwarded-For", CLIENT)]), CLIENT);
    }

    #[test]
    fn a_client_does_not_choose_its_address_with_the_other_header() {
        let forged = "203.0.113.1";
        let both = [("X-Forwarded-For", CLIENT), ("Forwarded", "for=203.0.113.1")];
        assert_eq!(sent(PROXY, &both), PROXY);
        let twice = [("X-Forwarded-For", forged), ("X-Forwarded-For", CLIENT)];
        assert_eq!(sent(PROXY, &twice), CLIENT);
        let same = [("X-Forwarded-For", CLIENT), ("Forwarded", "for=198.51.100.7")];
        assert_eq!(sent(PROXY, &same), CLIENT);
    }
}
