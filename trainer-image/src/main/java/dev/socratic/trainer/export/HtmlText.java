package dev.socratic.trainer.export;

/** Text that a page shows as it is. */
final class HtmlText {
    private HtmlText() {}

    static String escaped(String text) {
        if (text == null) {
            return "–";
        }
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
