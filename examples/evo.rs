use exnihilo::experiment::Experiment;
use exnihilo::search::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let e = Experiment::preset(&a[1]).unwrap();
    let seed = a[2].parse().unwrap();
    let mut o = SearchOptions::default();
    o.backend = a[3].parse().unwrap();
    o.threads = a[4].parse().unwrap();
    if a.len() > 5 {
        o.max_individuals = Some(a[5].parse().unwrap());
    }
    let r = Search::new(e, seed, o)
        .unwrap()
        .run(|p| eprintln!("{} {:?} {:?} {} {}", p.individuals, p.elapsed, p.best_fitness, p.fec_hits, p.compiled))
        .unwrap();
    println!(
        "{}\nsearch {} true {:?} select {} final {:?} exps {} inds {} steps {} elapsed {:?} {:.0}/s {:?}",
        r.simplified,
        r.search_fitness,
        r.true_fitness,
        r.select_fitness,
        r.final_fitness,
        r.experiments,
        r.individuals,
        r.train_steps,
        r.elapsed,
        r.individuals as f64 / r.elapsed.as_secs_f64(),
        r.stopped_by
    );
}
