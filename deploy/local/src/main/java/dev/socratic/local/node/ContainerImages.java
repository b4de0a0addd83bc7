package dev.socratic.local.node;

import java.util.List;
import java.util.Optional;

/** Which program on this machine a container image stands for. */
@FunctionalInterface
public interface ContainerImages {
    /** The program and its first arguments; empty when nothing here stands for the image. */
    Optional<List<String>> entryPoint(String image);
}
