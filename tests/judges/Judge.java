import com.pixelmed.validate.DicomSRValidator;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Validates many DICOM SR files with one PixelMed validator, because building one takes seconds of stylesheet compiling.
 *
 * Reads paths from standard input, one a line. For each, in order, prints "FILE\t" and the path, then what the validator
 * says, each line of it after a tab, so that text taken from a file can never pass for the line that opens the next one.
 */
public final class Judge {
    public static void main(String[] arguments) throws Exception {
        BufferedReader paths = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        DicomSRValidator validator = new DicomSRValidator();
        for (String path = paths.readLine(); path != null; path = paths.readLine()) {
            out.println("FILE\t" + path);
            verdict(validator, path).lines().forEach(line -> out.println("\t" + line));
        }
    }

    /** What the validator says about one file; a failure to judge it is an error of that file, not of the others. */
    private static String verdict(DicomSRValidator validator, String path) {
        try {
            return validator.validate(path);
        } catch (Exception | StackOverflowError problem) {
            return "Error: not validated: " + problem;
        }
    }
}
