// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Kafka's command line tools one after another in one JVM, since starting a JVM costs more
 * than most of the tools do.
 *
 * <p>Request on stdin: int count, then that many strings (class name, arguments), then int size and
 * the bytes of the tool's standard input. Answer on stdout: int exit code, then size and bytes of
 * what the tool wrote to its standard output, then the same for standard error. Strings are int
 * size and UTF-8.
 *
 * <p>A tool that wants to exit is stopped by an exception, and its shutdown hooks run then.
 */
public final class ToolRunner {
  /** Thrown where a tool would have ended the JVM. */
  private static final class Exited extends RuntimeException {
    final int code;

    Exited(int code) {
      super("exit " + code, null, false, false);
      this.code = code;
    }
  }

  /** A stream whose target changes with each run: tools and loggers may keep the stream itself. */
  private static final class Redirected extends OutputStream {
    private ByteArrayOutputStream target = new ByteArrayOutputStream();

    synchronized byte[] take() {
      byte[] taken = target.toByteArray();
      target = new ByteArrayOutputStream();
      return taken;
    }

    @Override
    public synchronized void write(int b) {
      target.write(b);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      target.write(bytes, offset, length);
    }
  }

  private final Redirected out = new Redirected();
  private final Redirected err = new Redirected();
  private final List<Runnable> hooks = new ArrayList<>();
  private Integer exitCode;

  private ToolRunner() {
    System.setOut(new PrintStream(out, true));
    System.setErr(new PrintStream(err, true));
    Exit.setExitProcedure((code, message) -> leave(code, message));
    Exit.setHaltProcedure((code, message) -> leave(code, message));
    Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
  }

  public static void main(String[] args) throws IOException {
    DataInputStream requests = new DataInputStream(new BufferedInputStream(System.in));
    DataOutputStream answers = new DataOutputStream(System.out);
    ToolRunner runner = new ToolRunner();
    while (true) {
      List<String> command = new ArrayList<>();
      try {
        for (int count = requests.readInt(); count > 0; count--) {
          command.add(new String(readBytes(requests), "UTF-8"));
        }
      } catch (EOFException end) {
        return;
      }
      int code = runner.run(command, readBytes(requests));
      answers.writeInt(code);
      writeBytes(answers, runner.out.take());
      writeBytes(answers, runner.err.take());
      answers.flush();
    }
  }

  private int run(List<String> command, byte[] input) {
    exitCode = null;
    hooks.clear();
    System.setIn(new ByteArrayInputStream(input));
    String[] arguments = command.subList(1, command.size()).toArray(new String[0]);
    try {
      Class.forName(command.get(0)).getMethod("main", String[].class)
          .invoke(null, (Object) arguments);
    } catch (InvocationTargetException thrown) {
      if (!(thrown.getCause() instanceof Exited)) {
        thrown.getCause().printStackTrace();
        exitCode = exitCode == null ? 1 : exitCode;
      }
    } catch (ReflectiveOperationException noSuchTool) {
      noSuchTool.printStackTrace();
      exitCode = 127;
    }
    runHooks();
    return exitCode == null ? 0 : exitCode;
  }

  private void runHooks() {
    for (Runnable hook : List.copyOf(hooks)) {
      try {
        hook.run();
      } catch (Exited ignored) {
        // A hook cannot end what has ended.
      }
    }
  }

  /** The first exit counts: some tools catch the exception and exit again. */
  private void leave(int code, String message) {
    if (exitCode == null) {
      exitCode = code;
      if (message != null) {
        System.err.println(message);
      }
    }
    throw new Exited(code);
  }

  private static byte[] readBytes(DataInputStream in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes;
  }

  private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }
}
