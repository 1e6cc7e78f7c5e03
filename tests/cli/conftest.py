from tests.doors import client, data_folder, paths, server, services

__all__ = ["client", "data_folder", "paths", "server", "services"]
