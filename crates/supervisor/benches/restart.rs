//! Prints the figures of supervision: `cargo bench -p planaria-supervisor [-- FILTER]`.

mod figures;

use figures::figure::Figure;

type Measure = fn() -> Vec<Figure>;

const ALL: [(&str, Measure); 4] = [
    ("restart", figures::restart::restart),
    ("storm", figures::storm::storm),
    ("stop", figures::stop::stop),
    ("family", figures::family::family),
];

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    for (name, measure) in ALL {
        if filter.as_ref().is_none_or(|filter| name.contains(filter.as_str())) {
            measure().iter().for_each(print);
        }
    }
}

fn print(figure: &Figure) {
    let Figure { name, value, unit, note, .. } = figure;
    print!("{name}: {value:.1} {unit}");
    if let (Some(floor), Some(ratio)) = (figure.floor, figure.ratio()) {
        print!("; floor {floor:.1} {unit}, ratio {ratio:.2}");
    }
    if let (Some(goal), Some(met)) = (figure.goal, figure.met()) {
        print!("; goal {goal:.1}, {}", if met { "met" } else { "MISSED" });
    }
    println!("\n    {note}");
}
