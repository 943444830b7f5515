//! What an operator does with plugins: each verb works on the gateway's database, and a gateway that runs follows within
//! moments.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::{install, watch};
use crate::cli::config::PlaceFlags;

/// What most verbs take.
#[derive(Debug, Args)]
pub(super) struct On {
    /// The plugin: its id, its digest, or NAME@VERSION
    #[arg(value_name = "PLUGIN")]
    pub(super) plugin: String,
    #[command(flatten)]
    pub(super) place: PlaceFlags,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// What a plugin is given.
#[derive(Debug, Default, Args)]
pub(super) struct Given {
    /// A file with the configuration that it is given with every call; an empty one is none [default: as before]
    #[arg(id = "plugin-config", long = "plugin-config", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// A host that it may have fetched from; may be repeated
    #[arg(long = "grant-host", value_name = "HOST")]
    pub(super) hosts: Vec<String>,
    /// A secret that is filled in for it, as NAME=FILE; may be repeated
    #[arg(long = "grant-secret", value_name = "NAME=FILE")]
    pub(super) secrets: Vec<String>,
    /// As much for each call as a plugin needs that brings its language's runtime along
    #[arg(long = "grant-interpreter")]
    pub(super) interpreter: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Put a plugin into the gateway's database; it answers for nothing until it is enabled
    #[command(after_help = "Examples:\n  purser plugin install vat.wasm\n  \
                      purser plugin install vat.wasm --enable DE,AT --from 2026-01-01\n  \
                      purser plugin install table.wasm --enable KE --plugin-config rates.json\n  \
                      purser plugin install post.wasm --enable --grant-host api.post.example --grant-secret api-key=key.txt")]
    Install {
        /// The plugin
        file: PathBuf,
        /// Countries or currencies that it shall answer for at once, `*` is every currency; with none named, all that it
        /// covers
        #[arg(long, value_delimiter = ',', value_name = "PLACES", num_args = 0..)]
        enable: Option<Vec<String>>,
        /// From which day on [default: today]
        #[arg(long, requires = "enable")]
        from: Option<Date>,
        #[command(flatten)]
        given: Given,
        /// Take a file of up to 32 MiB: one that brings its language's runtime along
        #[arg(long)]
        allow_large: bool,
        /// Take a version that is older than one that answers
        #[arg(long)]
        allow_older: bool,
        /// Take a file of somebody else than who signed the versions before
        #[arg(long)]
        allow_other_publisher: bool,
        #[command(flatten)]
        place: PlaceFlags,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List what is installed, and what it answers for
    #[command(after_help = "Examples:\n  purser plugin list\n  purser plugin list --json")]
    List {
        #[command(flatten)]
        place: PlaceFlags,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let a plugin that is installed answer for countries or currencies
    #[command(
        after_help = "Examples:\n  purser plugin enable tax-table@0.1.0 SG --plugin-config examples/tax-tables/SG.json\n  \
                      purser plugin enable tax-eu@0.1.0 DE,AT --from 2027-01-01"
    )]
    Enable {
        #[command(flatten)]
        on: On,
        /// Countries or currencies, `*` is every currency; with none named, all that it covers
        #[arg(value_delimiter = ',', value_name = "PLACES")]
        places: Vec<String>,
        /// From which day on [default: today]
        #[arg(long)]
        from: Option<Date>,
        #[command(flatten)]
        given: Given,
        /// Also in place of a newer version
        #[arg(long)]
        allow_older: bool,
    },
    /// Let a version answer wherever another version of the same plugin does
    #[command(after_help = "Examples:\n  purser plugin activate tax-eu@1.3.0\n  \
                      purser plugin activate tax-table@2.0.0 --plugin-config rates.json")]
    Activate {
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        given: Given,
        /// Also in place of a newer version
        #[arg(long)]
        allow_older: bool,
    },
    /// Run a version beside the one that answers, or show what it would have answered: a gateway that runs asks it about
    /// each sale after it was paid, and it charges nothing
    #[command(after_help = "Examples:\n  purser plugin shadow tax-eu@1.3.0 --start DE,AT\n  \
                      purser plugin shadow tax-eu@1.3.0\n  purser plugin shadow tax-eu@1.3.0 --stop")]
    Shadow {
        #[command(flatten)]
        on: On,
        /// Begin, for these countries; with none named, all that it covers
        #[arg(long, value_delimiter = ',', value_name = "COUNTRIES", num_args = 0.., conflicts_with = "stop")]
        start: Option<Vec<String>>,
        /// End it
        #[arg(long)]
        stop: bool,
        #[command(flatten)]
        given: Given,
    },
    /// Make past decisions of a plugin again, by another version, and print the difference in money
    #[command(
        after_help = "Examples:\n  purser plugin replay tax-eu@1.2.0 --with tax-eu-1.3.0.wasm --since 2026-10-01\n  \
                      purser plugin replay tax-eu@1.2.0 --json\n      \
                      by itself, to prove that it answers the same for the same fuel"
    )]
    Replay {
        #[command(flatten)]
        on: On,
        /// The version that makes them: a file, or one that is installed [default: the same]
        #[arg(long, value_name = "FILE|PLUGIN")]
        with: Option<String>,
        /// Its configuration [default: that of each decision]
        #[arg(id = "plugin-config", long = "plugin-config", value_name = "FILE")]
        config: Option<PathBuf>,
        /// Of purchases from this day on
        #[arg(long, value_name = "DATE")]
        since: Option<Date>,
        /// And until this one
        #[arg(long, value_name = "DATE")]
        until: Option<Date>,
    },
    /// Undo the newest decision for a plugin: where it was made, what answered before answers again
    #[command(after_help = "Examples:\n  purser plugin rollback tax-eu@1.3.0")]
    Rollback {
        #[command(flatten)]
        on: On,
    },
    /// Take a plugin out of service: nobody answers for its places until another is enabled there; where it was to begin on
    /// a day to come, who answers until then goes on
    #[command(after_help = "Examples:\n  purser plugin disable tax-eu@1.3.0")]
    Disable {
        #[command(flatten)]
        on: On,
    },
    /// Give a plugin what it asks for: hosts, secrets, more than the usual limits
    #[command(after_help = "Examples:\n  \
                      purser plugin grant stamps-post@1.0.0 --grant-host api.post.example --grant-secret api-key=key.txt")]
    Grant {
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        given: Given,
    },
    /// Trust a publisher: plugins that are signed with this key may be installed
    #[command(after_help = "Examples:\n  purser plugin trust publisher.pub --name 'Acme Ltd'\n  \
                      purser plugin trust 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    Trust {
        /// The key: a file with PEM or a JWK, or the key's 32 bytes in base64url
        // One in sixty-four keys begins with a hyphen.
        #[arg(value_name = "KEY|FILE", allow_hyphen_values = true)]
        key: String,
        /// Whose it is
        #[arg(long, default_value = "")]
        name: String,
        #[command(flatten)]
        place: PlaceFlags,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Install {
            file,
            enable,
            from,
            given,
            allow_large,
            allow_older,
            allow_other_publisher,
            place,
            json,
        } => {
            let permissions = crate::app::plugin::Permissions {
                large: allow_large,
                older: allow_older,
                other_publisher: allow_other_publisher,
            };
            let enable = enable.map(|places| (places, from));
            install::run(&file, enable, &given, permissions, (&place, json))
        }
        Verb::List { place, json } => install::list(&place, json),
        Verb::Enable { on, places, from, given, allow_older } => {
            install::enable(&on, (places, from), &given, allow_older)
        }
        Verb::Activate { on, given, allow_older } => install::activate(&on, &given, allow_older),
        Verb::Shadow { on, start, stop, given } => watch::shadow(&on, start, stop, &given),
        Verb::Replay { on, with, config, since, until } => {
            let asked = watch::Replaying { with, config, since, until };
            watch::replay(&on, &asked)
        }
        Verb::Rollback { on } => install::rollback(&on),
        Verb::Disable { on } => install::disable(&on),
        Verb::Grant { on, given } => install::grant(&on, &given),
        Verb::Trust { key, name, place, json } => install::trust(&key, &name, (&place, json)),
    }
}
