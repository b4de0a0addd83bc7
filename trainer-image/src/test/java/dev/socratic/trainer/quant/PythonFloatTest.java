package dev.socratic.trainer.quant;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PythonFloatTest {
    @ParameterizedTest
    @CsvSource({
        "0x1.0p0, 1.0",
        "0x1.0a2716p-3, 0.12995736300945282",
        "0x1.a86a9ap11, 3395.331298828125",
        "0x1.0p-14, 6.103515625e-05",
        "0x1.a36e2eb1c432dp-14, 0.0001",
        "0x1.0p-126, 1.1754943508222875e-38",
        "0x1.0p53, 9007199254740992.0",
        "0x1.0p54, 1.8014398509481984e+16",
        "0x1.2ced32a16a1b1p76, 8.881784197001252e+22",
        "0x0p0, 0.0",
        "2.0E-3, 0.002",
    })
    void spellsNumbersAsPythonDoes(double value, String python) {
        assertThat(PythonFloat.repr(value)).isEqualTo(python);
        assertThat(PythonFloat.repr(-value)).isEqualTo("-" + python);
    }
}
