package dev.socratic.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.trainer.data.MicroBatching.Grouping;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Examples by their lengths. */
class MicroBatchingTest {
    @ParameterizedTest
    @CsvSource({
        // as many rows as are planned for the longest
        "8 8 8 8 8 8 8 8, 4, 8, 1, 2, 8 8 8 8; 8 8 8 8",
        // more of the shorter ones have room
        "2 8 2 2 2 2, 1, 8, 1, 2, 8; 2 2 2 2; 2",
        "1 1 1 1 1 1 1 1, 1, 8, 1, 2, 1 1 1 1 1 1 1 1",
        // padding costs more than another micro-batch, and less
        "8 2 2, 4, 8, 1, 2, 8; 2 2",
        "8 7 7, 4, 8, 1, 3, 8 7 7",
        // two devices want two micro-batches, and one example is none the less one
        "2 2 2 2, 4, 8, 2, 5, 2 2; 2 2",
        "2, 4, 8, 2, 5, 2",
    })
    void divides(String lengths, int rows, int length, int least, int overhead, String groups) {
        List<Example> examples =
                examples(Arrays.stream(lengths.split(" ")).map(Integer::valueOf).toList());
        String found = new MicroBatching(Grouping.BY_LENGTH, rows, length, least, overhead)
                .byLength(examples).stream()
                        .map(group -> group.stream()
                                .map(example -> Integer.toString(example.length()))
                                .collect(Collectors.joining(" ")))
                        .collect(Collectors.joining("; "));
        assertThat(found).isEqualTo(groups);
    }

    @Property
    void losesNothingAndStaysWithinWhatIsPlanned(
            @ForAll @Size(max = 30) List<@IntRange(min = 1, max = 16) Integer> lengths,
            @ForAll @IntRange(min = 1, max = 4) int rows,
            @ForAll @IntRange(min = 1, max = 3) int least,
            @ForAll @IntRange(max = 40) int overhead) {
        List<Example> examples = examples(lengths);
        List<List<Example>> groups =
                new MicroBatching(Grouping.BY_LENGTH, rows, 16, least, overhead).byLength(examples);
        assertThat(groups.stream().flatMap(Collection::stream)).containsExactlyInAnyOrderElementsOf(examples);
        assertThat(groups).allSatisfy(group -> {
            Batch batch = Batch.of(group);
            assertThat(batch.rows() * batch.length()).isBetween(1, rows * 16);
        });
    }

    private static List<Example> examples(List<Integer> lengths) {
        return lengths.stream()
                .map(length -> new Example(new int[length], new int[length]))
                .toList();
    }
}
