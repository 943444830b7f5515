use clap::Parser;

use super::*;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    flags: ServeFlags,
}

fn settings(flags: &[&str], file: &str) -> Result<Settings, ConfigError> {
    let flags = Cli::try_parse_from([&["purser"], flags].concat())
        .unwrap_or_else(|error| panic!("{error}"))
        .flags;
    let file = file::parse(file).map_err(|why| ConfigError::File { path: FILE.into(), why })?;
    flags.with_file(&file)
}

fn refused(flags: &[&str], file: &str) -> String {
    settings(flags, file).expect_err("must be refused").to_string()
}

#[test]
fn defaults_make_a_gateway_for_this_machine() {
    let settings = settings(&[], "").unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!((settings.base_url, settings.database), (None, None));
    assert_eq!(settings.data, Path::new("purser-data"));
    assert_eq!(settings.unit_of_account.code(), "USD");
    assert_eq!(settings.fx_spread, Percent::parse("0.5").unwrap());
    assert_eq!((settings.sandbox, settings.clock, settings.step_up_limit), (false, None, None));
    assert_eq!(settings.throttle, Throttle::default());
    assert_eq!(settings.shops_told_within.as_secs(), 60);
    assert_eq!(settings.logins_end_within.as_hours(), 24);
}

#[test]
fn flags_come_before_the_file() {
    let file = "listen = '127.0.0.1:1'\ndata = '/file'\nsandbox = true\nunit_of_account = 'EUR'\nlog = 'json'";
    let from_file = settings(&[], file).unwrap();
    assert_eq!(from_file.listen.port(), 1);
    assert!(from_file.sandbox && from_file.log_json);
    assert_eq!(from_file.unit_of_account.code(), "EUR");
    let flags =
        ["--listen", "localhost:2", "--sandbox=false", "--unit-of-account", "JPY", "--log", "text"];
    let from_flags = settings(&flags, file).unwrap();
    assert_eq!(from_flags.listen.to_string(), "127.0.0.1:2");
    assert!(!from_flags.sandbox && !from_flags.log_json);
    assert_eq!(from_flags.unit_of_account.code(), "JPY");
    assert_eq!(from_flags.data, Path::new("/file"), "what no flag names stays");
}

#[test]
fn proxies_are_trusted_by_name_only() {
    let trusted = |flags: &[&str], file: &str| settings(flags, file).unwrap().trusted_proxies;
    let both: Vec<Network> = vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
    assert_eq!(trusted(&[], ""), []);
    assert_eq!(trusted(&[], "trusted_proxies = ['10.0.0.0/8', '::1']"), both);
    assert_eq!(trusted(&["--trusted-proxies", "10.0.0.0/8,::1"], "trusted_proxies = ['::']"), both);
    assert!(refused(&[], "trusted_proxies = ['proxy']").contains("trusted_proxies: an address"));
}

#[test]
fn the_world_reaches_no_gateway_by_mistake() {
    let refused = |flags: &[&str]| refused(flags, "");
    assert!(refused(&["--listen", "0.0.0.0:80"]).contains("--base-url"));
    assert!(refused(&["--listen", "[::]:80"]).contains("--base-url"));
    assert!(
        refused(&["--listen", "0.0.0.0:80", "--base-url", "https://a.example", "--sandbox"])
            .contains("sandbox")
    );
    assert!(refused(&["--clock", "2026-11-22T12:00:00Z"]).contains("--sandbox"));
    let open =
        settings(&["--listen", "0.0.0.0:80", "--base-url", "https://a.example/"], "").unwrap();
    assert_eq!(open.base_url.as_deref(), Some("https://a.example"));
    settings(&["--listen", "[::1]:80", "--sandbox", "--clock", "2026-11-22T12:00:00Z"], "")
        .unwrap();
}

#[test]
fn an_unknown_key_suggests_the_nearest() {
    let check = |file: &str, message: &str| {
        assert!(refused(&[], file).contains(message), "{}", refused(&[], file))
    };
    check(
        "\nlistn = '127.0.0.1:1'",
        "line 2: no setting is called `listn`; did you mean `listen`?",
    );
    check("[throttle]\nlogins_per_mail = 1", "did you mean `logins_per_email`?");
    check("[limits.DE]\nload_maximum = '1'", "did you mean `load_max`?");
    check("listen = 5", "line 1: listen: this is to be a text in quotes");
    check(
        "sandbox = true\nfx_spread_percent = 0.5",
        "line 2: fx_spread_percent: this is to be a text",
    );
    check(
        "rates_max_age_days = '5'",
        "this is to be a whole number without quotes, like 5; here is",
    );
    check("sandbox = 'yes'", "sandbox: this is to be true or false");
    check("listen", "line 1: ");
}

#[test]
fn a_misspelt_variable_suggests_the_nearest() {
    let check = |name: &str| check_variables(["PATH".to_owned(), name.to_owned()].into_iter());
    assert!(check("PURSER_LISTN").unwrap_err().to_string().contains("did you mean PURSER_LISTEN?"));
    assert!(check("PURSER_MASTERKEY").unwrap_err().to_string().contains("PURSER_MASTER_KEY"));
    check("PURSER_DATABASE").unwrap();
    check("PURSER_LOG").unwrap();
    check("PURSER_PORT_8080_TCP").unwrap();
}

#[test]
fn amounts_are_read_in_their_currency() {
    let file = "
        unit_of_account = 'EUR'
        step_up_limit = '50'
        [tap_limits]
        JPY = '5000'
        [limits.DE]
        load_max = '150'
        balance_max = '150.00'
        [limits.default]
        load_max = '50'
        [throttle]
        sign_ups_per_minute = 1000
    ";
    let settings = settings(&[], file).unwrap();
    let money =
        |amount: &str, code: &str| Money::parse(amount, Currency::parse(code).unwrap()).unwrap();
    assert_eq!(settings.step_up_limit, Some(money("50", "EUR")));
    assert_eq!(settings.tap_limits.into_values().collect::<Vec<_>>(), [money("5000", "JPY")]);
    let germany = settings.limits["DE"];
    assert_eq!((germany.load_max, germany.payment_max), (Some(money("150", "EUR")), None));
    assert_eq!(
        (settings.limits.len(), settings.limits_elsewhere.load_max),
        (1, Some(money("50", "EUR")))
    );
    assert_eq!(settings.throttle, Throttle { sign_ups_per_minute: 1000, ..Throttle::default() });
}

#[test]
fn a_wrong_value_names_its_setting() {
    let check = |file: &str, setting: &str| {
        assert!(refused(&[], file).starts_with(setting), "{}", refused(&[], file))
    };
    check("unit_of_account = 'XYZ'", "unit_of_account: ");
    check("step_up_limit = '1.234'", "step_up_limit: ");
    check("fx_spread_percent = '100'", "fx_spread_percent: ");
    check("base_url = 'pay.example.org'", "base_url: ");
    check("base_url = 'https://user@pay.example.org'", "base_url: ");
    check("clock = 'tomorrow'", "clock: ");
    check("shops_told_within_seconds = 601", "shops_told_within_seconds: at most 600 seconds");
    check("logins_end_within_hours = 169", "logins_end_within_hours: at most 168 hours");
    check("[tap_limits]\nXYZ = '1'", "tap_limits.XYZ: ");
    check("[limits.Germany]\nload_max = '1'", "limits.Germany: ");
    check("[limits.ZZ]\nload_max = '1'", "limits.ZZ: ");
    check("[limits.DE]\nload_max = '-1'", "limits.DE.load_max: ");
}

/// What the manual shows is a configuration, and every setting is in it.
#[test]
fn the_manual_names_every_setting() {
    let page = include_str!("../../../../../docs/operating.md");
    let (_, rest) = page.split_once("```toml title=\"purser.toml\"\n").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    settings(&[], shown).unwrap();
    for (table, sample) in [("", "x = 1"), ("limits.DE", "x = 1"), ("throttle", "x = 1")] {
        let text =
            if table.is_empty() { sample.to_owned() } else { format!("[{table}]\n{sample}") };
        let unknown = toml::from_str::<file::FileSettings>(&text).unwrap_err().to_string();
        let (_, names) = unknown.split_once("expected one of").unwrap();
        for name in names.split('`').skip(1).step_by(2) {
            let is_table = shown.contains(&format!("[{name}"));
            assert!(is_table || page.contains(&format!("{name} = ")), "{name} of {table:?}");
        }
    }
}
