namespace Boottify.Benchmarks.Edge;

internal static class Ports
{
    public static int Free() => Testing.FreePorts.Next();
}
