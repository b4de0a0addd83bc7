package dev.socratic.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What packing keeps, whatever it is given. */
class PackingPropertiesTest {
    private static final int MOST = 24;

    /** Examples filled with their own number from 1, some without a label. */
    @Provide
    Arbitrary<List<Example>> examples() {
        return Arbitraries.integers().between(1, MOST).list().ofMaxSize(60).map(lengths -> {
            List<Example> examples = new ArrayList<>();
            for (int length : lengths) {
                int[] ids = new int[length];
                Arrays.fill(ids, examples.size() + 1);
                int[] labels = ids.clone();
                Arrays.fill(labels, 0, examples.size() % 5 == 0 ? length : length / 2, Example.IGNORED);
                examples.add(new Example(ids, labels));
            }
            return examples;
        });
    }

    @Property
    void everyTextIsThereOnceAndWhole(@ForAll("examples") List<Example> examples) {
        List<Integer> found = new ArrayList<>();
        for (Example row : Packing.pack(examples, MOST)) {
            assertThat(row.length()).isLessThanOrEqualTo(MOST);
            for (int text = 0; text < row.starts().length; text++) {
                int from = row.starts()[text];
                int to = text + 1 < row.starts().length ? row.starts()[text + 1] : row.length();
                int[] ids = Arrays.copyOfRange(row.inputIds(), from, to);
                assertThat(ids).isEqualTo(examples.get(ids[0] - 1).inputIds());
                assertThat(row.labels()[from])
                        .as("nothing predicts a first token")
                        .isEqualTo(Example.IGNORED);
                found.add(ids[0]);
            }
        }
        assertThat(found)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.rangeClosed(1, examples.size()).boxed().toList());
    }

    @Property
    void asManyTokensAreLearnedAsBefore(@ForAll("examples") List<Example> examples) {
        assertThat(Packing.pack(examples, MOST).stream()
                        .mapToInt(Example::learnedTokens)
                        .sum())
                .isEqualTo(examples.stream().mapToInt(Example::learnedTokens).sum());
    }

    @Property
    void aBatchKnowsWhereEachTextBegins(@ForAll("examples") List<Example> examples) {
        Batch batch = Batch.of(Packing.pack(examples, MOST));
        batch.textStarts().ifPresent(starts -> {
            for (int i = 0; i < starts.length; i++) {
                int row = i / batch.length();
                int at = i % batch.length();
                assertThat(starts[i]).isLessThanOrEqualTo(at);
                if (at < batch.lengths()[row]) {
                    int first = row * batch.length() + starts[i];
                    assertThat(batch.inputIds()[first]).isEqualTo(batch.inputIds()[i]);
                    assertThat(starts[i] == 0 || batch.inputIds()[first - 1] != batch.inputIds()[i])
                            .isTrue();
                }
            }
        });
    }

    @Property
    void noTwoNeighboursFitIntoOneRow(@ForAll("examples") List<Example> examples) {
        List<Example> rows = Packing.pack(examples, MOST);
        for (int i = 1; i < rows.size(); i++) {
            assertThat(rows.get(i - 1).length() + rows.get(i).length()).isGreaterThan(MOST);
        }
    }
}
