package dev.socratic.trainer.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.trainer.progress.RunFacts;
import dev.socratic.trainer.progress.RunHistory;
import dev.socratic.trainer.progress.TrainingStep;
import java.io.StringReader;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class HtmlReportTest {
    private static RunHistory history(int steps) {
        RunHistory history = new RunHistory();
        history.plan(new RunFacts(
                "0123", null, List.of(new RunFacts.Device("0", "GPU <x>", "embed,0-7", 4L << 30, 3L << 30, null))));
        for (int step = 1; step <= steps; step++) {
            double loss = step == 3 ? Double.NaN : 1 + 3.0 / step;
            history.step(new TrainingStep(
                    step,
                    steps,
                    0.1 * step,
                    loss,
                    1,
                    2e-4 / step,
                    512,
                    4000 + 37 * (step % 5),
                    null,
                    0,
                    Instant.EPOCH));
        }
        history.evaluated(10, 1.7);
        history.evaluated(20, 1.4);
        return history;
    }

    private static HtmlReport report(int steps, String reply) {
        Replies replies = Replies.of(List.of(new Replies.Pair("火山とは何ですか？", "火山は山です。", reply)));
        return new HtmlReport("socratic-ja", Map.of("model", "hf://lab/tiny"), history(steps), replies);
    }

    @Test
    void thePageIsWellFormedAndShowsTheRun() throws Exception {
        String html = report(30, "火山を見たことがありますか？").toHtml();

        assertThat(html)
                .contains("0 → 1 of 1", "火山を見たことがありますか？", "GPU &lt;x&gt;", "3.00 GiB", "hf://lab/tiny")
                .doesNotContain("NaN", "<script", "<link", "http:", "https:");
        String body = html.substring(html.indexOf("<main>"), html.indexOf("</main>") + "</main>".length());
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(body)));
    }

    @Test
    void nothingFromTheModelBecomesMarkup() {
        String html = report(1, "<script>alert(1)</script>\" onload='x'").toHtml();

        assertThat(html).doesNotContain("<script", "onload='").contains("&lt;script&gt;");
    }
}
