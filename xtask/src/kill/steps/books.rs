//! What the database itself says, without a gateway.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::gateway::House;
use crate::postgres::Cluster;
use crate::step;

/// How long PostgreSQL may finish what a killed process had sent, and a new process what another left.
const QUIET_MAX: Duration = Duration::from_secs(10);
/// Registers count thousandths of a cent.
const THOUSANDTHS: i64 = 1000;

/// The database under a gateway, and how to read it without one.
pub(super) enum Books<'a> {
    Sqlite,
    Postgres(&'a Cluster),
}

/// A stamp, as its row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) price_minor: i64,
    piece: i64,
    ascending: i64,
    descending: i64,
}

/// The register of the only vendor, as its row has it.
struct Register {
    pieces: i64,
    ascending: i64,
    descending: i64,
    loaded: i64,
}

const STAMPS: &str =
    "SELECT id, status, price, piece, ascending, descending FROM stamp ORDER BY piece, id";
const REGISTERS: &str = "SELECT pieces, ascending, descending, loaded FROM stamp_register";
const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
    AND backend_type = 'client backend' AND pid <> pg_backend_pid()";

/// What the background still has to seal, to place and to roll up.
const WAITING: &str = "SELECT (SELECT count(*) FROM entry_unsealed) + (SELECT count(*) FROM event_unplaced) \
    + (SELECT count(*) FROM open_delta)";

impl Books<'_> {
    /// Every stamp in the order of its number, after the proof that the register counts and adds up exactly these.
    pub(super) fn stamps(&self, house: &House) -> Result<Vec<Stamp>> {
        let [stamps, registers] = match self {
            Self::Sqlite => sqlite(house)?,
            Self::Postgres(cluster) => postgres(cluster)?,
        };
        let stamps = stamps.lines().map(stamp).collect::<Result<Vec<_>>>()?;
        let registers = registers.lines().map(register).collect::<Result<Vec<_>>>()?;
        registers_agree(&stamps, &registers)?;
        Ok(stamps)
    }

    /// Waits until the background of a gateway has nothing to write.
    pub(super) fn wait_until_quiet(&self, house: &House) -> Result<()> {
        wait_for_none("the background always has something to do", || match self {
            Self::Sqlite => sqlite_read(&house.data(), WAITING),
            Self::Postgres(cluster) => postgres_read(cluster, WAITING),
        })
    }
}

/// Reads a copy, so that the next gateway finds the files as the killed one left them.
fn sqlite(house: &House) -> Result<[String; 2]> {
    let copy = tempfile::Builder::new().prefix("purser-books-").tempdir_in(step::scratch())?;
    for name in ["purser.db", "purser.db-wal"] {
        let file = house.data().join(name);
        if file.exists() {
            fs::copy(&file, copy.path().join(name))
                .with_context(|| format!("cannot copy {}", file.display()))?;
        }
    }
    Ok([sqlite_read(copy.path(), STAMPS)?, sqlite_read(copy.path(), REGISTERS)?])
}

fn sqlite_read(directory: &Path, sql: &str) -> Result<String> {
    let mut sqlite = Command::new("sqlite3");
    sqlite.args(["-batch", "-list", "-cmd", ".timeout 5000"]);
    step::output(sqlite.arg(directory.join("purser.db")).arg(sql))
}

/// Reads when the server has noticed that the gateway is gone, and has ended its transactions.
fn postgres(cluster: &Cluster) -> Result<[String; 2]> {
    wait_for_none("PostgreSQL still works for the killed gateway", || {
        postgres_read(cluster, OTHERS)
    })?;
    Ok([postgres_read(cluster, STAMPS)?, postgres_read(cluster, REGISTERS)?])
}

fn postgres_read(cluster: &Cluster, sql: &str) -> Result<String> {
    let mut psql = cluster.client("psql");
    psql.args(["--no-psqlrc", "--no-align", "--tuples-only", "--dbname", super::DATABASE]);
    step::output(psql.args(["--command", sql]))
}

fn wait_for_none(otherwise: &'static str, count: impl Fn() -> Result<String>) -> Result<()> {
    let deadline = Instant::now() + QUIET_MAX;
    while count()?.trim() != "0" {
        ensure!(Instant::now() < deadline, otherwise);
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// `sta_…|issued|78|1|78000|0`
fn stamp(line: &str) -> Result<Stamp> {
    let fields: Vec<&str> = line.split('|').collect();
    let &[id, status, price, piece, ascending, descending] = fields.as_slice() else {
        bail!("no stamp: {line}")
    };
    Ok(Stamp {
        id: id.to_owned(),
        status: status.to_owned(),
        price_minor: price.parse()?,
        piece: piece.parse()?,
        ascending: ascending.parse()?,
        descending: descending.parse()?,
    })
}

/// `1|78000|0|78000`
fn register(line: &str) -> Result<Register> {
    let fields = line.split('|').map(str::parse).collect::<Result<Vec<i64>, _>>()?;
    let &[pieces, ascending, descending, loaded] = fields.as_slice() else {
        bail!("no register: {line}")
    };
    Ok(Register { pieces, ascending, descending, loaded })
}

/// The numbers are 1, 2, 3 ..., the ascending register grew by the price of each stamp, and what was loaded is what it
/// has passed on and what is left.
fn registers_agree(stamps: &[Stamp], registers: &[Register]) -> Result<()> {
    let (mut pieces, mut ascending) = (0, 0);
    for stamp in stamps {
        pieces += 1;
        ascending += stamp.price_minor * THOUSANDTHS;
        let raised = stamp.price_minor > 0 && stamp.ascending == ascending;
        ensure!(stamp.piece == pieces && raised, "{stamp:?} does not follow the one before");
    }
    match (registers, stamps.last()) {
        ([], None) => Ok(()),
        ([register], Some(last)) => {
            let told = (register.pieces, register.ascending, register.descending);
            ensure!(
                told == (pieces, ascending, last.descending)
                    && register.ascending + register.descending == register.loaded,
                "the register says {told:?} of {} loaded, and its last stamp is {last:?}",
                register.loaded
            );
            Ok(())
        }
        _ => bail!("{} registers for {pieces} stamps of one vendor", registers.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::{register, registers_agree, stamp};

    fn agree(stamps: &[&str], registers: &[&str]) -> bool {
        let stamps: Vec<_> = stamps.iter().map(|line| stamp(line).unwrap()).collect();
        let registers: Vec<_> = registers.iter().map(|line| register(line).unwrap()).collect();
        registers_agree(&stamps, &registers).is_ok()
    }

    #[test]
    fn a_register_that_repeats_skips_or_does_not_add_up_is_found() {
        let (first, second) = ("a|issued|78|1|78000|0", "b|issuing|22|2|100000|0");
        assert!(agree(&[], &[]));
        assert!(agree(&[first, second], &["2|100000|0|100000"]));
        let wrong: [(&[&str], &[&str]); 7] = [
            (&[first, "b|issued|22|1|100000|0"], &["1|100000|0|100000"]),
            (&[first, "b|issued|22|3|100000|0"], &["3|100000|0|100000"]),
            (&[first, "b|issued|22|2|78000|0"], &["2|78000|0|78000"]),
            (&[first], &["2|100000|0|100000"]),
            (&[first], &["1|78000|1|78000"]),
            (&[first], &[]),
            (&[], &["1|78000|0|78000"]),
        ];
        for (stamps, registers) in wrong {
            assert!(!agree(stamps, registers), "{stamps:?} {registers:?}");
        }
    }
}
