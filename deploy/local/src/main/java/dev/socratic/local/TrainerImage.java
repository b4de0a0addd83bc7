package dev.socratic.local;

import dev.socratic.local.node.ContainerImages;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The trainer's image, whatever its registry and tag, is the trainer that was built in this repository. */
record TrainerImage(Path program) implements ContainerImages {
    private static final String NAME = "socratic/trainer";

    static TrainerImage builtIn(Path repository) {
        return new TrainerImage(repository.resolve("trainer-image/bin/socratic-trainer"));
    }

    @Override
    public Optional<List<String>> entryPoint(String image) {
        String untagged = image.replaceFirst("@.*", "").replaceFirst(":[^:/]*$", "");
        boolean trainer = untagged.equals(NAME) || untagged.endsWith("/" + NAME);
        return trainer ? Optional.of(List.of(program.toString())) : Optional.empty();
    }
}
