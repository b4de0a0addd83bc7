package dev.socratic.trainer.export;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RepliesTest {
    @ParameterizedTest
    @CsvSource({
        "どう思いますか？, true",
        "どう思いますか。, true",
        "「なぜでしょうか？」, true",
        "What do you think? , true",
        "そうですか。でも違います。, false",
        "空は青い。, false",
        "'', false",
    })
    void questions(String reply, boolean question) {
        assertThat(Replies.isQuestion(reply)).isEqualTo(question);
    }

    @ParameterizedTest
    @CsvSource({
        "光合成とは何ですか？,  光合成で何が必要だと思いますか？,   true",
        "光合成とは何ですか？,  植物の合成をどう考えますか？,       true",
        "光合成とは何ですか？,  海は何色ですか？,                   false",
        "エネルギーとは？,      どんなエネルギーを知っていますか？, true",
        "なぜ空は青いのですか？, 空は何色に見えますか？,            false",
        "What is Gravity?,     What does gravity do to an apple?,  true",
        "What is gravity?,     Is the cat here?,                   false",
    })
    void theSubject(String prompt, String reply, boolean shared) {
        assertThat(Replies.isOnSubject(prompt, reply)).isEqualTo(shared);
    }

    @Test
    void theFileHasPairsAndCounts() throws Exception {
        Replies replies = Replies.of(List.of(new Replies.Pair("火山とは？", "火山は山です。", "火山を見たことがありますか？")));

        assertThat(replies.summary())
                .isEqualTo("questions: 0 of 1 before, 1 of 1 after; on the subject: 1 of 1 before, 1 of 1 after");
        ObjectMapper json = new ObjectMapper();
        assertThat(json.readTree(replies.toJson())).isEqualTo(json.readTree("""
                {"prompts":[{"prompt":"火山とは？","before":"火山は山です。","after":"火山を見たことがありますか？"}],
                 "questions":{"before":0,"after":1,"of":1},"onSubject":{"before":1,"after":1,"of":1}}"""));
    }
}
