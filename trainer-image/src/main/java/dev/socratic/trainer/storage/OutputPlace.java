package dev.socratic.trainer.storage;

import java.nio.file.Path;

/**
 * Where an output is written.
 *
 * @param folder where its files are put together
 * @param destination where they go on to from there
 */
record OutputPlace(Path folder, Destination destination) {
    static OutputPlace at(Path folder) {
        return new OutputPlace(folder, Destination.NONE);
    }
}
