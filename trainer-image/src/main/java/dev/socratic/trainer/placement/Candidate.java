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

    /** The same with everything of some more blocks kept. */
    Candidate keeping(List<Integer> blocks) {
        List<SavedActivations> more = new ArrayList<>(saved);
        blocks.forEach(block -> more.set(block, SavedActivations.ALL));
        return new Candidate(spread, tactic, more);
    }

    /** Blocks of a section of which everything is kept. */
    long kept(Section section) {
        return saved.subList(section.first(), section.end()).stream()
                .filter(each -> each == SavedActivations.ALL)
                .count();
    }
}
