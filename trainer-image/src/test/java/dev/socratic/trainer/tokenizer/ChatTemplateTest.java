package dev.socratic.trainer.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.io.InputStream;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ChatTemplateTest {
    private static final ZonedDateTime NOW = ZonedDateTime.parse("2026-03-05T07:08:09Z");

    /** Written by src/test/parity/text.py with transformers' Jinja2; one of text and refusal is there. */
    record Golden(String template, List<Message> messages, boolean addGenerationPrompt, String text, String refusal) {
        @Override
        public String toString() {
            return template.substring(0, Math.min(50, template.length())) + " on " + messages;
        }
    }

    static Stream<Golden> goldens() throws IOException {
        try (InputStream json = ChatTemplateTest.class.getResourceAsStream("/text/templates.json")) {
            return new ObjectMapper().readValue(json, new TypeReference<List<Golden>>() {}).stream();
        }
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void aTemplateMeansWhatItMeansInJinja2(Golden golden) {
        ChatTemplate template =
                new ChatTemplate(golden.template(), Map.of("bos_token", "<bos>", "eos_token", "<eos>"), NOW);
        GenerationPrompt prompt = golden.addGenerationPrompt() ? GenerationPrompt.ADD : GenerationPrompt.NONE;
        if (golden.refusal() == null) {
            assertThat(template.render(golden.messages(), prompt)).isEqualTo(golden.text());
        } else {
            assertThatThrownBy(() -> template.render(golden.messages(), prompt))
                    .isInstanceOf(TemplateRefusal.class)
                    .hasMessage(golden.refusal());
        }
    }

    /** With the function to ask for, as in transformers: expected is what Python's strftime gives. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "%d %b %Y | 05 Mar 2026",
                "%B %-d, %Y | March 5, 2026",
                "%Y-%m-%d %H:%M:%S | 2026-03-05 07:08:09",
                "%A, %I %p | Thursday, 07 AM",
            })
    void aTemplatePrintsTheDateOfTheRun(String format, String printed) {
        String source = "{% if not day is defined %}{% if strftime_now is defined %}{% set day = strftime_now('"
                + format
                + "') %}{% else %}{% set day = 'never' %}{% endif %}{% endif %}{{ day }}";
        List<Message> messages = List.of(new Message("user", "1"));
        assertThat(new ChatTemplate(source, Map.of(), NOW).render(messages, GenerationPrompt.NONE))
                .isEqualTo(printed);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{{ messages[0].content.zfill(3) }} | zfill",
                "{% for m in messages if m.content %}{{ loop.index }}{% endfor %} | loop in a {% for %} with a condition",
                "{{ messages[0].content + }} | Error parsing",
                "{{ strftime_then('%d') }} | strftime_then",
            })
    void whatJinjavaCannotReadIsAnErrorAndNeverHalfAText(String source, String named) {
        List<Message> messages = List.of(new Message("user", "1"));
        assertThatThrownBy(() -> new ChatTemplate(source, Map.of(), NOW).render(messages, GenerationPrompt.NONE))
                .isInstanceOf(TrainerFailure.class)
                .hasMessageContaining(named)
                .extracting(e -> ((TrainerFailure) e).exitCode())
                .isEqualTo(64);
    }
}
