package dev.socratic.trainer.train;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where transformers 5.23's Trainer with its EarlyStoppingCallback ended, and whose adapter it took, for the same losses. */
class EarlyStoppingTest {
    @ParameterizedTest
    @CsvSource({
        "1, 3 2 2 1, 3, 2",
        "2, 3 4 4 1, 3, 1",
        "2, 3 4 2 4 3 1, 5, 3",
        "1, NaN NaN 1, 2, 0",
        "2, NaN NaN 1 NaN 1, 5, 3",
        "1, 3 NaN 1, 2, 1",
    })
    void endsWhereTheReferenceEnds(int patience, String losses, int end, int best) {
        EarlyStopping state = EarlyStopping.of(patience);
        int step = 0;
        for (String loss : losses.split(" ")) {
            state = state.after(++step, Double.parseDouble(loss));
            if (state.ends()) {
                break;
            }
        }
        assertThat(step).isEqualTo(end);
        assertThat(state.bestStep()).isEqualTo(best);
    }
}
