"""The form of the data of THINGS."""

from alignment_importance.inputs.datasets.form import Form, Key, Need, Part

FORM = Form(
    what="Odd-one-out choices among 1854 objects, embeddings made from them, and an RDM of 48 objects (Hebart et al. "
    "2020, 2023).",
    needs={
        "objects": Need(
            "the ids of the 1854 objects in their order",
            ("unique_id.txt", "variables/unique_id.txt", "things_concepts.tsv", "concepts/things_concepts.tsv"),
        ),
        "images": Need("an image of every object", ("images", "object_images_CC0", "object_images", "Images")),
        "triplets": Need(
            "the odd-one-out choices",
            (
                ("trainset.txt", "validationset.txt"),
                ("triplet_dataset/trainset.txt", "triplet_dataset/validationset.txt"),
                ("data/triplet_dataset/trainset.txt", "data/triplet_dataset/validationset.txt"),
                "triplets_large_final_correctednc_correctedorder.csv",
                "triplet_dataset/triplets_large_final_correctednc_correctedorder.csv",
                "data/triplet_dataset/triplets_large_final_correctednc_correctedorder.csv",
            ),
        ),
        "embedding": Need(
            "a SPoSE or VICE embedding of the objects",
            (
                "spose_embedding_66d_sorted.txt",
                "data/spose_embedding_66d_sorted.txt",
                "spose_embedding_49d_sorted.txt",
                "data/spose_embedding_49d_sorted.txt",
                "*pruned_params.npz",
            ),
        ),
        "dense_objects": Need(
            "the names of the 48 objects in the order of their RDM",
            ("words48.mat", "variables/words48.mat", "data/variables/words48.mat", "words48.txt"),
        ),
        "dense_rdm": Need("the RDM of the 48 objects", ("RDM48_triplet.mat", "data/RDM48_triplet.mat")),
    },
    makes={
        "images": Part({"images": "images"}, of=("objects", "images")),
        "triplets": Part({"triplets": "triplets.csv"}, of=("objects", "images", "triplets")),
        "embedding": Part(
            {"embedding": "embedding.npy", "order": "objects.txt"}, of=("objects", "images", "embedding")
        ),
        "dense": Part(
            {"dense_images": "dense/images", "dense_judgments": "dense/rdm.csv"},
            of=("objects", "images", "dense_objects", "dense_rdm"),
        ),
    },
    keys={
        "source": Key(
            "Folder that holds the published files: unique_id.txt, images/, and those of the wanted judgments.",
            "data/things/original",
        ),
        "images": Key("Folder of the images, if it is elsewhere.", None),
        "embedding": Key("File of the embedding, if it is elsewhere or has another name.", None),
    },
)
