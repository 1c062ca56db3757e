import java.io.OutputStream;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;

/**
 * Runs DynamoDB Local on a free port of 127.0.0.1, or of the address in the
 * property host, which its own command line cannot do: it listens to the whole
 * network, on a port chosen beforehand. Ends when its standard input does, and
 * so with the process that started it, however that ends.
 */
class Loopback {
    public static void main(String[] args) throws Exception {
        var local = ServerRunner.createServerFromCommandLineArgs(args);
        var field = local.getClass().getDeclaredField("server");
        field.setAccessible(true);
        var connector = (ServerConnector) ((Server) field.get(local)).getConnectors()[0];
        connector.setHost(System.getProperty("host", "127.0.0.1"));
        connector.setPort(0);
        local.safeStart();
        System.out.println("listening on " + connector.getLocalPort());
        System.in.transferTo(OutputStream.nullOutputStream());
        Runtime.getRuntime().halt(0);
    }
}
