using k8s;
using k8s.Models;

namespace Boottify.Cluster;

/// <summary>
/// Server-side apply of each kind that Boottify writes: the wish is sent whole, fields that we no longer name go, fields that
/// others own (a Service's address, defaults) stay, and an unchanged wish changes nothing.
/// </summary>
internal static class ServerSideApply
{
    public static Task<V1Namespace> ApplyAsync(this ClusterApi api, V1Namespace wish, CancellationToken cancellation) =>
        api.Send(wish, (client, patch, token) => client.CoreV1.PatchNamespaceAsync(
            patch, wish.Name(), fieldManager: ClusterApi.FieldManager, force: true, cancellationToken: token), cancellation);

    public static Task<V1ResourceQuota> ApplyAsync(this ClusterApi api, V1ResourceQuota wish, CancellationToken cancellation) =>
        api.Send(wish, (client, patch, token) => client.CoreV1.PatchNamespacedResourceQuotaAsync(
            patch, wish.Name(), wish.Namespace(), fieldManager: ClusterApi.FieldManager, force: true, cancellationToken: token), cancellation);

    public static Task<V1LimitRange> ApplyAsync(this ClusterApi api, V1LimitRange wish, CancellationToken cancellation) =>
        api.Send(wish, (client, patch, token) => client.CoreV1.PatchNamespacedLimitRangeAsync(
            patch, wish.Name(), wish.Namespace(), fieldManager: ClusterApi.FieldManager, force: true, cancellationToken: token), cancellation);

    public static Task<V1ServiceAccount> ApplyAsync(this ClusterApi api, V1ServiceAccount wish, CancellationToken cancellation) =>
        api.Send(wish, (client, patch, token) => client.CoreV1.PatchNamespacedServiceAccountAsync(
            patch, wish.Name(), wish.Namespace(), fieldManager: ClusterApi.FieldManager, force: true, cancellationToken: token), cancellation);

    public static Task<V1Secret> ApplyAsync(this ClusterApi api, V1Secret wish, CancellationToken cancellation) =>
        api.Send(wish, (client, patch, token) => client.CoreV1.PatchNamespacedSecretAsync(
            patch, wish.Name(), wish.Namespace(), fieldManager: ClusterApi.FieldManager, force: true, cancellationToken: token), cancellation);

    public static Task<V1ConfigMap> ApplyAsync(this ClusterApi api, V1ConfigMap wish, CancellationToken cancellation) =>
        api.Send(wish, (client, patch, token) => client.CoreV1.PatchNamespacedConfigMapAsync(
            patch, wish.Name(), wish.Namespace(), fieldManager: ClusterApi.FieldManager, force: true, cancellationToken: token), cancellation);

    public static Task<V1Service> ApplyAsync(this ClusterApi api, V1Service wish, CancellationToken cancellation) =>
        api.Send(wish, (client, patch, token) => client.CoreV1.PatchNamespacedServiceAsync(
            patch, wish.Name(), wish.Namespace(), fieldManager: ClusterApi.FieldManager, force: true, cancellationToken: token), cancellation);

    public static Task<V1NetworkPolicy> ApplyAsync(this ClusterApi api, V1NetworkPolicy wish, CancellationToken cancellation) =>
        api.Send(wish, (client, patch, token) => client.NetworkingV1.PatchNamespacedNetworkPolicyAsync(
            patch, wish.Name(), wish.Namespace(), fieldManager: ClusterApi.FieldManager, force: true, cancellationToken: token), cancellation);

    public static Task<V1Ingress> ApplyAsync(this ClusterApi api, V1Ingress wish, CancellationToken cancellation) =>
        api.Send(wish, (client, patch, token) => client.NetworkingV1.PatchNamespacedIngressAsync(
            patch, wish.Name(), wish.Namespace(), fieldManager: ClusterApi.FieldManager, force: true, cancellationToken: token), cancellation);

    private static Task<T> Send<T>(
        this ClusterApi api, T wish, Func<IKubernetes, V1Patch, CancellationToken, Task<T>> send, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        api.CallAsync(
            $"{wish.Kind} {wish.Name()}", (client, token) => send(client, new V1Patch(wish, V1Patch.PatchType.ApplyPatch), token), cancellation);
}
