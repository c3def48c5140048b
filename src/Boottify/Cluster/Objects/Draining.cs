using System.Buffers.Binary;
using k8s.Models;

namespace Boottify.Cluster.Objects;

/// <summary>
/// Keeps a pod answering for a while after it was told to stop, until nothing sends to it any more (see
/// ops/adr/0006-draining-pods.md). Newer clusters can sleep by themselves; for older ones a program of some 160 bytes that does
/// nothing but sleep is mounted into the pod, so that it works in images without a shell, too.
/// </summary>
internal static class Draining
{
    /// <summary>How long a pod goes on answering. Whoever keeps connections to a Service open must not use one longer than this.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromSeconds(5);

    /// <summary>How long the app then has, from SIGTERM on, to finish what it is doing.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private const string VolumeName = "drain";
    private const string Key = "sleep";
    private const string MountPath = "/.boottify";

    /// <summary>
    /// Rides in the ConfigMap of the environment, which takes no notice of binary entries: the kubelet fetches each object
    /// apart before it starts a container, so one more would make each rollout slower.
    /// </summary>
    public static Dictionary<string, byte[]>? Program(ClusterFacts cluster) => NeedsProgram(cluster)
        ? new(StringComparer.Ordinal) { [Key] = cluster.Architecture == "amd64" ? SleepProgram(0x3e, Amd64) : SleepProgram(0xb7, Arm64) }
        : null;

    public static List<V1Volume>? Volumes(ClusterFacts cluster, string configMap) => NeedsProgram(cluster)
        ?
        [
            new V1Volume
            {
                Name = VolumeName,
                ConfigMap = new V1ConfigMapVolumeSource
                {
                    Name = configMap,
                    DefaultMode = 0b101_101_101,
                    Items = [new V1KeyToPath { Key = Key, Path = Key }],
                },
            },
        ]
        : null;

    public static List<V1VolumeMount>? Mounts(ClusterFacts cluster) => NeedsProgram(cluster)
        ? [new V1VolumeMount { Name = VolumeName, MountPath = MountPath, ReadOnlyProperty = true }]
        : null;

    /// <summary>What the kubelet does before it sends SIGTERM; null where neither way is to be had.</summary>
    public static V1Lifecycle? Lifecycle(ClusterFacts cluster) =>
        cluster.CanSleepBeforeStop
            ? new V1Lifecycle { PreStop = new V1LifecycleHandler { Sleep = new V1SleepAction { Seconds = (long)Delay.TotalSeconds } } }
            : NeedsProgram(cluster)
                ? new V1Lifecycle { PreStop = new V1LifecycleHandler { Exec = new V1ExecAction { Command = [$"{MountPath}/{Key}"] } } }
                : null;

    private static bool NeedsProgram(ClusterFacts cluster) => !cluster.CanSleepBeforeStop && cluster.Architecture is "amd64" or "arm64";

    // nanosleep(&time, 0); exit(0); the time follows the code.
    private static ReadOnlySpan<byte> Amd64 =>
    [
        0xb8, 0x23, 0x00, 0x00, 0x00, // mov eax, 35
        0x48, 0x8d, 0x3d, 0x14, 0x00, 0x00, 0x00, // lea rdi, [rip+20]
        0x31, 0xf6, // xor esi, esi
        0x0f, 0x05, // syscall
        0x31, 0xff, // xor edi, edi
        0xb8, 0x3c, 0x00, 0x00, 0x00, // mov eax, 60
        0x0f, 0x05, // syscall
        0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
    ];

    private static ReadOnlySpan<byte> Arm64 =>
    [
        0x00, 0x01, 0x00, 0x10, // adr x0, +32
        0x01, 0x00, 0x80, 0xd2, // mov x1, #0
        0xa8, 0x0c, 0x80, 0xd2, // mov x8, #101
        0x01, 0x00, 0x00, 0xd4, // svc #0
        0x00, 0x00, 0x80, 0xd2, // mov x0, #0
        0xa8, 0x0b, 0x80, 0xd2, // mov x8, #93
        0x01, 0x00, 0x00, 0xd4, // svc #0
        0x1f, 0x20, 0x03, 0xd5, // nop
    ];

    /// <summary>A complete static ELF file: header, one read-and-execute segment that holds the whole file, code, time.</summary>
    private static byte[] SleepProgram(ushort machine, ReadOnlySpan<byte> code)
    {
        const int headers = 64 + 56;
        const ulong loadAddress = 0x400000;
        var file = new byte[headers + code.Length + 16];
        var elf = file.AsSpan();

        ReadOnlySpan<byte> identification = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identification.CopyTo(elf);
        BinaryPrimitives.WriteUInt16LittleEndian(elf[16..], 2); // an executable
        BinaryPrimitives.WriteUInt16LittleEndian(elf[18..], machine);
        BinaryPrimitives.WriteUInt32LittleEndian(elf[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(elf[24..], loadAddress + headers); // entry
        BinaryPrimitives.WriteUInt64LittleEndian(elf[32..], 64); // where the segment's header is
        BinaryPrimitives.WriteUInt16LittleEndian(elf[52..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(elf[56..], 1);

        var segment = elf[64..];
        BinaryPrimitives.WriteUInt32LittleEndian(segment, 1); // to be loaded
        BinaryPrimitives.WriteUInt32LittleEndian(segment[4..], 5); // readable, executable
        BinaryPrimitives.WriteUInt64LittleEndian(segment[16..], loadAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[24..], loadAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[32..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[40..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[48..], 0x10000);

        code.CopyTo(elf[headers..]);
        BinaryPrimitives.WriteInt64LittleEndian(elf[(headers + code.Length)..], (long)Delay.TotalSeconds);
        return file;
    }
}
