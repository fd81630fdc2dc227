//! S8.13b: the link to set MFA up by, as a terminal shows it.

use claviger_wire::server::Invite;
use fast_qr::{ECL, QRBuilder};

/// Light modules around the code. Four are asked for; terminals have light or dark around theirs, and two are read well.
const QUIET: usize = 2;
/// A larger picture would not fit what a login program takes; the link is enough then.
const PICTURE: usize = 3_600;

/// The page on which somebody sets MFA up, and a QR code of it.
pub(super) fn invite(public_url: &str) -> Invite {
    let link = format!("{public_url}/enroll");
    let picture = picture(&link).filter(|picture| picture.len() <= PICTURE).unwrap_or_default();
    Invite { link, picture }
}

/// Two rows of modules in one of characters. Light ones are drawn, as most terminals are dark; readers take either.
fn picture(text: &str) -> Option<String> {
    let code = QRBuilder::new(text).ecl(ECL::L).build().ok()?;
    let is_light = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < code.size);
        let module = inside(x).zip(inside(y)).and_then(|(x, y)| code.data.get(y * code.size + x));
        module.is_none_or(|module| !module.value())
    };
    let side = code.size + 2 * QUIET;
    let row = |y: usize| {
        let characters = (0..side).map(|x| match (is_light(x, y), y + 1 < side && is_light(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        });
        characters.collect::<String>()
    };
    Some((0..side).step_by(2).map(row).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a camera sees: for each module whether it is dark.
    fn seen(picture: &str) -> Vec<Vec<bool>> {
        let dark = |line: &str, light: [char; 2]| line.chars().map(|c| !light.contains(&c)).collect();
        picture.lines().flat_map(|line| [dark(line, ['█', '▀']), dark(line, ['█', '▄'])]).collect()
    }

    #[test]
    fn the_picture_is_the_code_with_light_around_it() {
        let link = "https://sso.acme.test/enroll";
        let code = QRBuilder::new(link).ecl(ECL::L).build().unwrap();
        let rows = seen(&picture(link).unwrap());
        for (y, row) in rows.iter().enumerate().take(code.size + 2 * QUIET) {
            assert_eq!(row.len(), code.size + 2 * QUIET);
            for (x, is_dark) in row.iter().enumerate() {
                let inside =
                    (QUIET..QUIET + code.size).contains(&x) && (QUIET..QUIET + code.size).contains(&y);
                let expected = inside && code.data[(y - QUIET) * code.size + (x - QUIET)].value();
                assert_eq!(*is_dark, expected, "{x} {y}");
            }
        }
    }

    #[test]
    fn a_link_that_is_too_long_for_a_picture_is_shown_alone() {
        let short = invite("https://sso.acme.test");
        assert_eq!(short.link, "https://sso.acme.test/enroll");
        assert!(!short.picture.is_empty() && short.picture.lines().all(|line| line.chars().count() <= 60));
        let long = invite(&format!("https://{}.test", "a".repeat(400)));
        assert_eq!((long.picture.as_str(), long.link.ends_with("/enroll")), ("", true));
    }
}
