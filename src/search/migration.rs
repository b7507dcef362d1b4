//! Migration: islands of one experiment exchange programs now and then (paper, section 3).
//!
//! Each island counts its individuals in rounds of `migration.every`. At the end of a round it publishes a share of its population; at the
//! beginning of round r + 1 it replaces as many programs by such that it draws from what all islands published at the end of round r - 1. So nobody
//! waits for the slowest island of the round just ended, and what is drawn never depends on who is faster.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use exnihilo_jit::exec::random::{key, purpose};
use exnihilo_jit::{Program, Stream};
use serde::{Deserialize, Serialize};

use super::damage::Damage;
use super::individual::IslandId;
use super::milestones::{Descent, MilestoneTable, RestoredMilestones};
use super::population::{MemberState, Score};
use crate::experiment::Experiment;

/// What the islands published at the end of a round of migration, by island; none of an island that has not ended it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PoolState {
    pub(super) round: u64,
    pub(super) published: Vec<Option<Vec<MigrantState>>>,
}

/// A program on its way to another island.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MigrantState {
    pub(super) member: MemberState,
    /// The set of search tasks on which it has its score.
    pub(super) task_set: u64,
}

/// A program on its way from one island to another.
#[derive(Clone, Debug)]
pub(super) struct Migrant {
    pub(super) program: Program,
    /// What evolution knew of it where it comes from.
    pub(super) score: Score,
    pub(super) descent: Descent,
    /// The set of search tasks on which it has this score.
    pub(super) task_set: usize,
}

impl Migrant {
    fn state(&self, table: &mut MilestoneTable) -> MigrantState {
        MigrantState { member: MemberState::new(&self.program, self.score, &self.descent, table), task_set: self.task_set as u64 }
    }

    fn restore(state: MigrantState, milestones: &RestoredMilestones, experiment: &Experiment) -> Result<Migrant, Damage> {
        let (program, score, descent) = state.member.restore(milestones, experiment)?;
        Ok(Migrant { program, score, descent, task_set: state.task_set as usize })
    }
}

/// Where islands leave programs for each other. Rounds are counted from 0.
pub(super) trait Migration: Send + Sync {
    /// Leaves programs of an island at the end of its round number `round`.
    fn publish(&self, island: usize, round: u64, migrants: Vec<Migrant>);

    /// Draws `count` of the programs, or all if they are fewer, that the islands left at the end of round number `round`, each at most
    /// once. Called once by each island for each round.
    fn sample(&self, round: u64, count: usize, stream: &mut Stream) -> Vec<Migrant>;
}

/// How many rounds of migration an island has begun and ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rounds {
    pub(super) begun: u64,
    pub(super) ended: u64,
}

impl Rounds {
    /// Of an island with so many individuals, in rounds of `every`; a round begins with its first child.
    pub(super) const fn of(individuals: u64, every: u64) -> Rounds {
        Rounds { begun: individuals.div_ceil(every), ended: individuals / every }
    }
}

/// The exchange within one process: what was published, by round and island, until every island has drawn from it.
#[derive(Debug)]
pub(super) struct Exchange {
    islands: usize,
    pools: Mutex<VecDeque<Pool>>,
}

/// What the islands published at the end of one round.
#[derive(Debug)]
struct Pool {
    round: u64,
    /// By island; none before it published.
    published: Vec<Option<Vec<Migrant>>>,
    /// How many islands have drawn from it.
    drawn: usize,
}

impl Exchange {
    /// An empty exchange between so many islands.
    pub(super) const fn new(islands: usize) -> Exchange {
        Exchange { islands, pools: Mutex::new(VecDeque::new()) }
    }

    /// The exchange as a checkpoint holds it.
    pub(super) fn state(&self, table: &mut MilestoneTable) -> Vec<PoolState> {
        let mut of_island = |migrants: &Vec<Migrant>| migrants.iter().map(|migrant| migrant.state(table)).collect();
        let of_pool = |pool: &Pool| PoolState {
            round: pool.round,
            published: pool.published.iter().map(|island| island.as_ref().map(&mut of_island)).collect(),
        };
        self.pools().iter().map(of_pool).collect()
    }

    /// The exchange of a checkpoint between islands that have begun so many rounds each, and ended so many.
    pub(super) fn restore(
        rounds: &[Rounds],
        pools: Vec<PoolState>,
        milestones: &RestoredMilestones,
        experiment: &Experiment,
    ) -> Result<Exchange, Damage> {
        let exchange = Exchange::new(rounds.len());
        let (first, last) = (rounds.iter().map(|island| island.begun).min(), rounds.iter().map(|island| island.ended).max());
        // A round is there from the first island that ended it until the last has begun the second after it.
        let expected = first.unwrap_or(0).saturating_sub(2)..last.unwrap_or(0);
        if pools.iter().map(|pool| pool.round).ne(expected) {
            return Err(Damage("other rounds of migration than the islands have ended".to_owned()));
        }
        for PoolState { round, published } in pools {
            if published.len() != rounds.len()
                || published.iter().zip(rounds).any(|(island, rounds)| island.is_some() != (rounds.ended > round))
            {
                return Err(Damage(format!("other islands in round {round} of migration than have ended it")));
            }
            let restore = |migrants: Vec<MigrantState>| -> Result<Vec<Migrant>, Damage> {
                migrants.into_iter().map(|migrant| Migrant::restore(migrant, milestones, experiment)).collect()
            };
            let published = published.into_iter().map(|island| island.map(restore).transpose()).collect::<Result<_, _>>()?;
            let drawn = rounds.iter().filter(|island| island.begun > round + 2).count();
            exchange.pools().push_back(Pool { round, published, drawn });
        }
        Ok(exchange)
    }

    fn pools(&self) -> MutexGuard<'_, VecDeque<Pool>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Migration for Exchange {
    fn publish(&self, island: usize, round: u64, migrants: Vec<Migrant>) {
        let mut pools = self.pools();
        let place = match pools.iter().position(|pool| pool.round == round) {
            Some(place) => place,
            None => {
                pools.push_back(Pool { round, published: vec![None; self.islands], drawn: 0 });
                pools.len() - 1
            }
        };
        pools[place].published[island] = Some(migrants);
    }

    /// # Panics
    /// If an island has not published that round yet, or all have drawn from it.
    fn sample(&self, round: u64, count: usize, stream: &mut Stream) -> Vec<Migrant> {
        let mut pools = self.pools();
        let place = pools.iter().position(|pool| pool.round == round).expect("rounds are drawn from after they ended, once by each island");
        let pool = &mut pools[place];
        let published = || pool.published.iter().map(|island| island.as_ref().expect("all islands have ended the round"));
        let of_all: Vec<&Migrant> = published().flatten().collect();
        let migrants = draw(of_all.len(), count, stream).into_iter().map(|index| of_all[index].clone()).collect();
        pool.drawn += 1;
        if pool.drawn == self.islands {
            pools.remove(place);
        }
        migrants
    }
}

/// `count` different numbers below `below`, or all, in the order in which they are drawn.
pub(super) fn draw(below: usize, count: usize, stream: &mut Stream) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..below).collect();
    let count = stream.draw(&mut numbers, count).len();
    numbers.truncate(count);
    numbers
}

/// An island's choices in one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// At its end: what is published.
    Published = 0,
    /// At its beginning: who is replaced, then by whom.
    Replaced = 1,
}

/// The stream of a choice in round number `round` of the island.
pub(super) const fn stream(IslandId { seed, experiment, island }: IslandId, round: u64, choice: Choice) -> Stream {
    Stream::named(key(key(key(key(seed, purpose::MIGRATION), experiment), island), round), choice as u64)
}

#[cfg(test)]
mod tests {
    use exnihilo_jit::Instruction;

    use super::*;

    /// Told from others by its length, which is below 1,000.
    fn migrant(length: usize) -> Migrant {
        let program = Program::new(&vec![Instruction::NO_OP; length], &[], &[]);
        Migrant { program, score: Score::full(length as f64 / 1e3), descent: Descent::default(), task_set: 0 }
    }

    fn lengths(migrants: &[Migrant]) -> Vec<usize> {
        migrants.iter().map(|migrant| migrant.program.instructions().len()).collect()
    }

    #[test]
    fn draws_are_different_numbers_and_all_are_reached() {
        let mut seen = [0; 7];
        for seed in 0..700 {
            let drawn = draw(7, 3, &mut Stream::new(seed));
            assert!(drawn.len() == 3 && drawn[0] != drawn[1] && drawn[1] != drawn[2] && drawn[0] != drawn[2], "{drawn:?}");
            drawn.into_iter().for_each(|number| seen[number] += 1);
        }
        assert!(seen.iter().all(|&count| (230..370).contains(&count)), "{seen:?}");
        assert_eq!(draw(2, 5, &mut Stream::new(1)).len(), 2);
        assert!(draw(0, 5, &mut Stream::new(1)).is_empty());
    }

    #[test]
    fn islands_draw_from_all_and_a_pool_goes_when_all_have_drawn() {
        let exchange = Exchange::new(3);
        for (island, lengths) in [(2, [7, 8]), (0, [1, 2]), (1, [4, 5])] {
            exchange.publish(island, 0, lengths.map(migrant).to_vec());
            exchange.publish(island, 1, Vec::new());
        }
        let drawn = exchange.sample(0, 6, &mut Stream::new(1));
        let mut all = lengths(&drawn);
        all.sort_unstable();
        assert_eq!(all, [1, 2, 4, 5, 7, 8], "each at most once");
        assert!(drawn.iter().all(|taken| taken.score == migrant(taken.program.instructions().len()).score));
        let few = exchange.sample(0, 2, &mut Stream::new(2));
        assert_eq!(few.len(), 2);
        assert_eq!(exchange.pools().len(), 2);
        assert_eq!(
            lengths(&exchange.sample(0, 2, &mut Stream::new(2))),
            lengths(&few),
            "the order of publishing and of drawing does not matter"
        );
        assert_eq!(exchange.pools().len(), 1, "all have drawn");
        assert!(exchange.sample(1, 5, &mut Stream::new(1)).is_empty());
    }
}
