using Boottify.Builds;

namespace Boottify.Tests.Builds;

public class RegistryWordsTests
{
    [Theory]
    [InlineData("Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused")]
    [InlineData("Get https://registry.example/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)")]
    [InlineData("Get \"https://registry.example/v2/\": context deadline exceeded")]
    [InlineData("Get \"https://registry.example/v2/\": net/http: TLS handshake timeout")]
    [InlineData("Get \"https://registry.example/v2/\": dial tcp: lookup registry.example on 127.0.0.53:53: server misbehaving")]
    [InlineData("Head \"https://registry.example/v2/base/manifests/20\": EOF")]
    [InlineData("received unexpected HTTP status: 503 Service Unavailable")]
    [InlineData("error parsing HTTP 502 response body: invalid character '<' looking for beginning of value: \"<html>\"")]
    [InlineData("error pulling image configuration: download failed after attempts=6: dial tcp 192.0.2.1:443: i/o timeout")]
    [InlineData("unexpected EOF")]
    public void A_registry_that_is_away_may_be_back_at_the_next_try(string said) => DockerBuild.IsRegistryAway(said).Should().BeTrue();

    [Theory]
    [InlineData("manifest for registry.example/base:21 not found: manifest unknown: manifest unknown")]
    [InlineData("pull access denied for base, repository does not exist or may require 'docker login': denied: requested access to the resource is denied")]
    [InlineData("Get \"https://registry.exmaple/v2/\": dial tcp: lookup registry.exmaple on 127.0.0.53:53: no such host")]
    [InlineData("Get \"https://registry.example/v2/\": x509: certificate signed by unknown authority")]
    [InlineData("received unexpected HTTP status: 418 I'm a teapot")]
    [InlineData("COPY failed: file not found in build context or excluded by .dockerignore: stat unexpected EOF: file does not exist")]
    [InlineData("dockerfile parse error line 2: unknown instruction: RUNN")]
    public void What_will_be_no_better_at_the_next_try_is_no_passing_fault(string said) => DockerBuild.IsRegistryAway(said).Should().BeFalse();
}
