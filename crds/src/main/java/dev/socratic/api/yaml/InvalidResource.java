package dev.socratic.api.yaml;

import java.util.List;
import java.util.stream.Collectors;

/** A resource file that cannot be used; the message has a line for each problem, with file, line, column and field. */
public final class InvalidResource extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient List<Problem> problems;

    InvalidResource(String file, List<Problem> problems) {
        super(problems.stream().map(problem -> problem.in(file)).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /** The problems in the order of the file. */
    public List<Problem> problems() {
        return problems;
    }
}
