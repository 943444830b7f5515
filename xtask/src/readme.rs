//! The commands that the README promises, read from the README, so that CI runs those and no others.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::step;

/// The lines of every `sh` block of the README, without what the shell would not run.
pub(crate) fn commands() -> Result<Vec<String>> {
    let readme = fs::read_to_string(step::root().join("README.md")).context("no README.md")?;
    let commands = shell_lines(&readme);
    if commands.is_empty() {
        bail!("README.md has no ```sh block");
    }
    Ok(commands)
}

fn shell_lines(markdown: &str) -> Vec<String> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in markdown.lines() {
        match line.trim() {
            "```sh" => inside = true,
            "```" => inside = false,
            command if inside => lines.extend(without_comment(command)),
            _ => {}
        }
    }
    lines
}

fn without_comment(line: &str) -> Option<String> {
    let command = line.split('#').next()?.trim();
    (!command.is_empty()).then(|| command.to_owned())
}

#[cfg(test)]
mod tests {
    use super::shell_lines;

    #[test]
    fn only_shell_blocks_count_and_comments_do_not() {
        let markdown =
            "```sh\n# all of it\ncargo xtask test   # every test\n```\n```json\n{}\n```\n";
        assert_eq!(shell_lines(markdown), ["cargo xtask test"]);
    }
}
