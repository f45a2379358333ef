//! Figures as people read them.

use std::fmt::Write;

use super::Figure;

/// One line per figure and its note below, for a terminal.
pub fn text(figures: &[Figure]) -> String {
    let mut text = String::new();
    for figure in figures {
        let [value, floor, ratio, goal, met] = cells(figure);
        let name = format!("{}: {}", figure.group, figure.name);
        let _ = writeln!(
            text,
            "{name:<58} {value:>14}  floor {floor:>12}  ratio {ratio:>6}  goal {goal:>12}  {met}"
        );
        let _ = writeln!(text, "    {}", figure.note);
    }
    text
}

/// A Markdown table.
pub fn markdown(figures: &[Figure]) -> String {
    let mut text = String::from("| figure | value | floor | ratio | goal | | how, and spread |\n");
    text.push_str("|---|--:|--:|--:|--:|---|---|\n");
    for figure in figures {
        let [value, floor, ratio, goal, met] = cells(figure);
        let (name, note) = (&figure.name, &figure.note);
        let _ =
            writeln!(text, "| {name} | {value} | {floor} | {ratio} | {goal} | {met} | {note} |");
    }
    text
}

/// Value, floor, ratio, goal, and whether it is met.
fn cells(figure: &Figure) -> [String; 5] {
    let unit = figure.unit;
    let with_unit = |number: f64| format!("{} {unit}", short(number));
    let goal = figure.goal.map(|goal| match figure.floor {
        Some(_) => format!("at most {goal}x"),
        None => format!("at most {}", with_unit(goal)),
    });
    let met = figure.met().map(|met| if met { "met" } else { "missed" }.to_owned());
    [
        with_unit(figure.value),
        figure.floor.map(with_unit).unwrap_or_default(),
        figure.ratio().map(|ratio| format!("{ratio:.2}x")).unwrap_or_default(),
        goal.unwrap_or_default(),
        met.unwrap_or_default(),
    ]
}

/// Three digits that mean something.
fn short(number: f64) -> String {
    match number.abs() {
        n if n >= 100.0 => format!("{number:.0}"),
        n if n >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}
