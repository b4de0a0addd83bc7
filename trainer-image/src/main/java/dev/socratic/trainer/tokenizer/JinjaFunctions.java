package dev.socratic.trainer.tokenizer;

import com.hubspot.jinjava.el.ext.NamedParameter;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.objects.Namespace;
import com.hubspot.jinjava.objects.date.StrftimeFormatter;
import com.hubspot.jinjava.tree.TagNode;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What transformers adds to Jinja2 for chat templates, and the built-in parts that jinjava has otherwise. */
public final class JinjaFunctions {
    static final String NOW = "strftime_now";

    private JinjaFunctions() {}

    static List<ELFunctionDefinition> functions() {
        return List.of(
                new ELFunctionDefinition("", "raise_exception", JinjaFunctions.class, "raiseException", Object.class),
                new ELFunctionDefinition("", "unsupported", JinjaFunctions.class, "unsupported", Object.class),
                new ELFunctionDefinition("", NOW, JinjaFunctions.class, "strftimeNow", Object.class),
                new ELFunctionDefinition("", "namespace", JinjaFunctions.class, "namespace", Object[].class));
    }

    /** {@code raise_exception(message)}; public, as jinjava calls it by reflection. */
    public static Object raiseException(Object message) {
        throw new TemplateRefusal(String.valueOf(message));
    }

    /** What {@link JinjaSource} writes in place of something that must not be reached. */
    public static Object unsupported(Object what) {
        throw new IllegalArgumentException(String.valueOf(what));
    }

    /** {@code strftime_now(format)}: the moment that the template was given under the function's own name. */
    public static Object strftimeNow(Object format) {
        Object moment = JinjavaInterpreter.getCurrent().getContext().get(NOW);
        return StrftimeFormatter.format((ZonedDateTime) moment, String.valueOf(format));
    }

    /** {@code namespace(name=value, ...)}. */
    public static Object namespace(Object... attributes) {
        Namespace namespace = new Namespace();
        for (Object attribute : attributes) {
            if (!(attribute instanceof NamedParameter named)) {
                throw new IllegalArgumentException("namespace() takes name=value only");
            }
            namespace.put(named.getName(), named.getValue());
        }
        return namespace;
    }

    /** {@code trim} strips what Python's str.strip() strips. */
    static final class Trim implements AdvancedFilter {
        @Override
        public String getName() {
            return "trim";
        }

        @Override
        public Object filter(
                Object value, JinjavaInterpreter interpreter, Object[] arguments, Map<String, Object> named) {
            return PythonString.call(Objects.toString(value, ""), "strip", List.of(arguments));
        }
    }

    /** {@code tojson} as json.dumps(value, ensure_ascii=False) writes it; indent is not supported. */
    static final class ToJson implements AdvancedFilter {
        @Override
        public String getName() {
            return "tojson";
        }

        @Override
        public Object filter(
                Object value, JinjavaInterpreter interpreter, Object[] arguments, Map<String, Object> named) {
            if (arguments.length > 0 || !named.isEmpty()) {
                throw new IllegalArgumentException("tojson takes no arguments here");
            }
            StringBuilder json = new StringBuilder();
            write(value, json);
            return json.toString();
        }

        private static void write(Object value, StringBuilder json) {
            if (value instanceof Map<?, ?> map) {
                String separator = "{";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    json.append(separator)
                            .append(scalar(entry.getKey().toString()))
                            .append(": ");
                    write(entry.getValue(), json);
                    separator = ", ";
                }
                json.append(map.isEmpty() ? "{}" : "}");
            } else if (value instanceof List<?> list) {
                String separator = "[";
                for (Object item : list) {
                    json.append(separator);
                    write(item, json);
                    separator = ", ";
                }
                json.append(list.isEmpty() ? "[]" : "]");
            } else {
                json.append(scalar(value));
            }
        }

        private static String scalar(Object value) {
            return value instanceof CharSequence text ? string(text) : String.valueOf(value);
        }

        private static String string(CharSequence text) {
            StringBuilder json = new StringBuilder("\"");
            text.chars().forEach(c -> {
                switch (c) {
                    case '"' -> json.append("\\\"");
                    case '\\' -> json.append("\\\\");
                    case '\n' -> json.append("\\n");
                    case '\r' -> json.append("\\r");
                    case '\t' -> json.append("\\t");
                    case '\b' -> json.append("\\b");
                    case '\f' -> json.append("\\f");
                    default -> json.append(c < 0x20 ? String.format("\\u%04x", c) : String.valueOf((char) c));
                }
            });
            return json.append('"').toString();
        }
    }

    /** {@code {% generation %}} marks assistant text for transformers' own mask; what is inside is plain output. */
    static final class Generation implements Tag {
        private static final long serialVersionUID = 1L;

        @Override
        public String getName() {
            return "generation";
        }

        @Override
        public String interpret(TagNode node, JinjavaInterpreter interpreter) {
            StringBuilder text = new StringBuilder();
            node.getChildren().forEach(child -> text.append(child.render(interpreter)));
            return text.toString();
        }
    }
}
