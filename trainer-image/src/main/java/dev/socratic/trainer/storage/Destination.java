package dev.socratic.trainer.storage;

import java.nio.file.Path;
import java.util.List;

/** Where the files of an output folder go on to, in schemes that name no folder. */
interface Destination {
    /** The folder is where they stay. */
    Destination NONE = new Destination() {
        @Override
        public void check() {}

        @Override
        public void deliver(Path folder, List<String> files) {}
    };

    /** Refuses before the work what it would refuse after it. */
    void check();

    /**
     * Takes all of the files there, or none.
     *
     * @param files by their paths in the folder, with slashes
     */
    void deliver(Path folder, List<String> files);
}
