package dev.socratic.trainer.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.interpret.Context.Library;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jinjava.javax.el.CompositeELResolver;

/**
 * A model's own chat template, rendered with the meaning it has in Jinja2 under transformers (trim_blocks,
 * lstrip_blocks, chat_template_utils.py).
 *
 * <p>What jinjava 2.8 leaves: an undefined value is empty text where Jinja2 may fail; a content that is exactly "false"
 * counts as false in a bare {@code {% if content %}}; true and
 * false are printed in lower case; {@code loop} is refused in {@code {% for x in list if … %}}; slices have no step other than [::-1]; lengths of strings count UTF-16 chars; tools
 * and tojson's arguments are not supported. Any error that jinjava notes is ours too: nothing is rendered by halves.
 */
public final class ChatTemplate {
    private final String source;
    private final Map<String, Object> variables;
    private final Jinjava jinjava = jinjava();

    /**
     * @param variables bos_token, eos_token and other tokens by name
     * @param moment what {@code strftime_now} prints, also the day after
     */
    ChatTemplate(String source, Map<String, String> variables, ZonedDateTime moment) {
        this.source = JinjaSource.forJinjava(source);
        Map<String, Object> all = new HashMap<>(variables);
        all.put(JinjaFunctions.NOW, moment);
        this.variables = Map.copyOf(all);
    }

    /** Whether a template may print the date of the day. */
    static boolean printsDate(String source) {
        return source.contains(JinjaFunctions.NOW);
    }

    /**
     * @throws TemplateRefusal if the template calls raise_exception
     * @throws dev.socratic.trainer.failure.TrainerFailure (InvalidConfiguration) if the template cannot be understood
     */
    public String render(List<Message> messages, GenerationPrompt prompt) {
        Map<String, Object> context = new HashMap<>(variables);
        context.put("messages", messages.stream().map(ChatTemplate::dict).toList());
        context.put("add_generation_prompt", prompt == GenerationPrompt.ADD);
        RenderResult result = jinjava.renderForResult(source, context);
        if (!result.getErrors().isEmpty()) {
            throw failure(result.getErrors());
        }
        return result.getOutput();
    }

    private static Map<String, Object> dict(Message message) {
        Map<String, Object> dict = new LinkedHashMap<>();
        dict.put("role", message.role());
        dict.put("content", message.content());
        return dict;
    }

    private static RuntimeException failure(List<TemplateError> errors) {
        for (TemplateError error : errors) {
            for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
                if (cause instanceof TemplateRefusal refusal) {
                    return refusal;
                }
            }
        }
        TemplateError first = errors.get(0);
        String what = first.getMessage();
        for (Throwable cause = first.getException(); cause != null; cause = cause.getCause()) {
            boolean says = cause.getCause() == null && cause.getMessage() != null && !what.contains(cause.getMessage());
            what = says ? what + " (" + cause.getMessage() + ")" : what;
        }
        return unsupported(what)
                .where("chat template, line " + first.getLineno())
                .failure(first.getException());
    }

    static Problem unsupported(String what) {
        return Problem.of(
                        FailureReason.InvalidConfiguration,
                        "the model's chat template uses something that is not supported: " + what)
                .where("chat template")
                .remedy(
                        "write the dialogues as prompt and completion, or give the model a simpler chat_template.jinja");
    }

    private static Jinjava jinjava() {
        CompositeELResolver resolver = new CompositeELResolver();
        resolver.add(new PythonMethods());
        resolver.add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
        LegacyOverrides asInJinja2 = LegacyOverrides.newBuilder()
                .withEvaluateMapKeys(true)
                .withIterateOverMapKeys(true)
                .withUseNaturalOperatorPrecedence(true)
                .withAllowAdjacentTextNodes(true)
                .withKeepNullableLoopValues(true)
                .withHandleBackslashInQuotesOnly(true)
                .build();
        Jinjava jinjava = new Jinjava(JinjavaConfig.newBuilder()
                .withKeepTrailingNewline(true)
                .withNestedInterpretationEnabled(false)
                .withElResolver(resolver)
                .withDisabled(Map.of(Library.TAG, Set.of("include", "import", "from", "extends")))
                .withLegacyOverrides(asInJinja2)
                .build());
        JinjaFunctions.functions().forEach(jinjava.getGlobalContext()::registerFunction);
        jinjava.getGlobalContext().registerFilter(new JinjaFunctions.Trim());
        jinjava.getGlobalContext().registerFilter(new JinjaFunctions.ToJson());
        jinjava.getGlobalContext().registerTag(new JinjaFunctions.Generation());
        return jinjava;
    }
}
