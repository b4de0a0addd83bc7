package dev.socratic.trainer.placement;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A way to lay a run out that the planner considers. */
record Candidate(Spread spread, Tactic tactic, List<SavedActivations> saved) {
    /** With every block computed again. */
    static Candidate keepingInputs(Spread spread, Tactic tactic) {
        int blocks = spread.map().layers().size();
        return new Candidate(spread, tactic, Collections.nCopies(blocks, SavedActivations.INPUTS));
    }

    /** The same with everything kept, whether it fits or not. */
    Candidate keepingAll() {
        return new Candidate(spread, tactic, Collections.nCopies(saved.size(), SavedActivations.ALL));
    }

    /** The same with more kept of some blocks. */
    Candidate keeping(SavedActivations more, List<Integer> blocks) {
        List<SavedActivations> changed = new ArrayList<>(saved);
        blocks.forEach(block -> changed.set(block, more));
        return new Candidate(spread, tactic, changed);
    }

    /** What is kept of the blocks of a section. */
    List<SavedActivations> saved(Section section) {
        return saved.subList(section.first(), section.end());
    }
}
