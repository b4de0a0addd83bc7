package dev.socratic.trainer.placement;

import java.util.ArrayList;
import java.util.List;

/**
 * Blocks of a model that follow one another on one device. The embedding belongs to the first section of a model and the
 * head to the last, which may have no block; a device may have several sections.
 *
 * @param first the first block's index
 */
public record Section(String device, int first, int blocks) {
    private static final int INPUT_EVERY = 4;

    /** The sections of a model in the order in which tokens pass through them. */
    public static List<Section> of(DeviceMap map) {
        List<Section> sections = new ArrayList<>();
        Section open = new Section(map.embedding(), 0, 0);
        for (String device : map.layers()) {
            if (!device.equals(open.device)) {
                sections.add(open);
                open = new Section(device, open.end(), 0);
            }
            open = new Section(device, open.first, open.blocks + 1);
        }
        sections.add(open);
        if (!map.head().equals(open.device)) {
            sections.add(new Section(map.head(), open.end(), 0));
        }
        return List.copyOf(sections);
    }

    /** The index after the last block's. */
    public int end() {
        return first + blocks;
    }

    /**
     * Whether a block keeps its input: the first one of the section does, and where branches are kept every fourth one.
     *
     * @param saved of every block of the model
     */
    public boolean keepsInput(List<SavedActivations> saved, int block) {
        if (saved.get(block) != SavedActivations.BRANCHES) {
            return true;
        }
        int before = 0;
        while (block - before > first && saved.get(block - before - 1) == SavedActivations.BRANCHES) {
            before++;
        }
        return before % INPUT_EVERY == 0;
    }
}
