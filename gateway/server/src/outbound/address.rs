//! Which addresses are one public host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 networks that are not: the registry of RFC 6890 as IANA keeps it, multicast, and one that is public by its number
/// only. First address and length of the prefix.
const NOT_PUBLIC_V4: [(Ipv4Addr, u32); 17] = [
    // "This network", RFC 791.
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    // Private, RFC 1918.
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Carriers' own, RFC 6598; some clouds answer for their machines' credentials in it.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    // Loopback, RFC 1122.
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local, RFC 3927: where most clouds answer for their machines' credentials.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Protocol assignments, RFC 6890.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation, RFC 5737.
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Relays of 6to4, RFC 7526.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Benchmarks, RFC 2544.
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Multicast, RFC 5771.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // Reserved, RFC 1112, and broadcast.
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    // Azure's "virtual public IP": every machine there reaches its own host under it.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // AS112, RFC 7534: answers for private addresses' names, wherever the network says.
    (Ipv4Addr::new(192, 175, 48, 0), 24),
];

/// What is given out of IPv6 to hosts of the internet, RFC 4291, section 2.4. Everything else is none: loopback, unspecified, link-local,
/// unique local, multicast, discard-only, IPv4 in any dress (mapped `::ffff:0:0/96`, translated `::ffff:0:0:0/96`, NAT64
/// `64:ff9b::/96` and `64:ff9b:1::/48`), segment routing.
const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// And what of that is not one host either.
const NOT_PUBLIC_V6: [(Ipv6Addr, u32); 4] = [
    // Protocol assignments, RFC 2928: Teredo (2001::/32), benchmarks, ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation, RFC 3849 and RFC 9637.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    // 6to4, RFC 3056: an IPv4 address in its next 32 bits.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

/// Whether an address is that of one host on the internet. An IPv4 address that is written as IPv6 is none: a public
/// host has no use for it, and it is how checks are walked around.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !NOT_PUBLIC_V4.iter().any(|network| begins_v4(v4, *network)),
        IpAddr::V6(v6) => {
            begins_v6(v6, PUBLIC_V6) && !NOT_PUBLIC_V6.iter().any(|network| begins_v6(v6, *network))
        }
    }
}

fn begins_v4(address: Ipv4Addr, (network, length): (Ipv4Addr, u32)) -> bool {
    let free = 32_u32.saturating_sub(length);
    address.to_bits().checked_shr(free) == network.to_bits().checked_shr(free)
}

fn begins_v6(address: Ipv6Addr, (network, length): (Ipv6Addr, u32)) -> bool {
    let free = 128_u32.saturating_sub(length);
    address.to_bits().checked_shr(free) == network.to_bits().checked_shr(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_single_public_hosts_are_public() {
        for text in [
            "8.8.8.8",
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "169.253.255.255",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001:80b::200e",
            "2001:200::1",
            "2003::1",
            "3ffe::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:0:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }
}
