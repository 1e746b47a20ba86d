"""The word stock of people: a modest list of common names and a long tail built from syllables.

Shape: frequencies follow Zipf-Mandelbrot. In a register of a million the most common given name is borne by 3 % of its gender, the most
common surname by 0.4 %, and there are about 5,200 given names and 137,000 surnames, 89 % of them borne by fewer than ten people: large
registers have both namesakes and people whose name is unique. No real person's record was used.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa

from portcullis.synthetic.draw import Floats, cumulative, listed

__all__ = ["FEMALE", "MALE", "family_names", "family_weights", "given_names", "given_weights", "syllable_words"]

MALE = listed("""
    James Jose John Robert Michael David William Juan Carlos Luis Richard Joseph Thomas Daniel Christopher Matthew Anthony Mark Jesus
    Miguel Steven Andrew Paul Joshua Kenneth Kevin Brian Antonio Francisco George Timothy Ronald Donald Jason Edward Jeffrey Ryan
    Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin Manuel Pedro Scott Brandon Benjamin Samuel Alejandro Jorge Gregory
    Alexander Patrick Frank Raymond Jack Dennis Jerry Tyler Aaron Ricardo Fernando Mohammed Ahmed Omar Ibrahim Wei Minh Duc Hiroshi
    Raj Sanjay Vikram Arjun Dmitri Sergei Ivan Pavel Andrei Kwame Kofi Emeka Chidi Sekou Jean Pierre Marco Giovanni Luca Lars Erik
    Hans Roberto Eduardo Rafael Oscar Hector Ramon Raul Ruben Enrique Gerardo Arturo Salvador Ernesto Julio Cesar Rodrigo Diego
    Santiago Mateo Angel Adrian Victor Hugo Felix Leonel Wilmer Elmer Selvin
    """)
FEMALE = listed("""
    Maria Mary Ana Jennifer Linda Patricia Elizabeth Susan Jessica Sarah Karen Rosa Carmen Nancy Lisa Margaret Betty Sandra Ashley
    Dorothy Kimberly Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Laura Sharon Cynthia Kathleen Amy Shirley
    Angela Helen Anna Brenda Pamela Nicole Ruth Katherine Samantha Christine Emma Catherine Guadalupe Juana Martha Gloria Teresa
    Silvia Veronica Alejandra Claudia Gabriela Adriana Leticia Norma Yolanda Alicia Beatriz Lucia Isabel Daniela Sofia Valentina
    Camila Fatima Aisha Amina Mei Ling Xin Thuy Lan Yuki Sakura Priya Anjali Lakshmi Deepa Olga Natalia Irina Svetlana Ngozi Adaeze
    Ama Abena Chantal Claire Giulia Chiara Ingrid Astrid Greta Rachel Carolyn Janet Virginia Diane Julie Joyce Victoria Kelly Lauren
    Joan Evelyn Olivia Judith Megan Cheryl Andrea Hannah Jacqueline Dalia
    """)
_SURNAMES = listed("""
    Garcia Smith Rodriguez Johnson Martinez Hernandez Williams Lopez Brown Gonzalez Jones Perez Miller Sanchez Davis Ramirez Wilson
    Torres Anderson Flores Thomas Rivera Taylor Gomez Moore Diaz Jackson Cruz Martin Morales Lee Reyes Thompson Gutierrez White Ortiz
    Harris Chavez Clark Ramos Lewis Ruiz Robinson Mendoza Walker Alvarez Young Castillo Allen Jimenez King Vasquez Wright Romero Scott
    Moreno Nguyen Herrera Hill Medina Green Aguilar Adams Vargas Nelson Guzman Baker Mendez Hall Munoz Campbell Salazar Mitchell Garza
    Carter Soto Roberts Vega Phillips Delgado Evans Rios Turner Contreras Parker Sandoval Collins Guerrero Edwards Ortega Stewart
    Estrada Morris Maldonado Murphy Cook Rogers Tran Kim Patel Singh Khan Ali Chen Wang Li Zhang Wong Pham Le Shah Kumar Das Ahmed
    Hassan Ibrahim Mohamed Abdi Okafor Mensah Osei Diallo Traore Petrov Ivanov Kowalski Novak Horvat Popescu Rossi Russo Bianchi
    Schmidt Weber Fischer Andersson Nilsson Hansen Larsen Pierre Baptiste Toussaint Silva Santos Oliveira Costa Pereira O'Brien
    O'Connor McDonald McCarthy MacLeod Fitzgerald St-Pierre Van-Dyke De-La-Cruz De-Leon Del-Rio La-Rosa Le-Blanc Van-Buren
    """)
_ONSETS = listed("""
    B Br C Ch Cr D Dr F Fl G Gr H J K Kr L M N P Pr Qu R S Sch Sh Sl St T Th Tr V W Wh Y Z
    """)
_VOWELS = listed("""
    a e i o u
    """)
_MIDDLES = listed("""
    b bb ck d dd g ld ll lm lt m mm n nd ng nn nt p r rd rg rl rm rn rr rt s ss st t tt v w x z
    """)
_FAMILY_ENDS = listed("""
    er ers man mann son sen ton ley ford field well wood berg stein holt ham land by worth ington erson ski sky wicz enko ova ov ev
    ian yan ez es as os ado illo uela eira inho ini elli ucci ano etti escu idis akis oglu eau ault ier elle in ik ek ak uk ura moto
    oka anda ande
    """)
_GIVEN_MIDDLES = listed("""
    b d g l m n r s t v nd rl
    """)
_MALE_ENDS = listed("on an en in o us is ell ard ert io iel ito aan im eem al ik ez or")
_FEMALE_ENDS = listed("a ia ina elle ette ana ene isa ita ora ya eth yn ika ara")
_TAIL = 2500
"""Rule-built given names per gender, after the common ones."""


def syllable_words(count: int, ends: tuple[str, ...], step: int, middles: tuple[str, ...] = _MIDDLES) -> list[str]:
    """`count` pronounceable words, spread over all combinations of onset, vowel, middle and ending by a stride prime to their number."""
    total = len(_ONSETS) * len(_VOWELS) * len(middles) * len(ends)
    while np.gcd(step, total) != 1:
        step += 1
    index = (np.arange(count, dtype=np.int64) * step + step // 3) % total
    index, end = np.divmod(index, len(ends))
    index, middle = np.divmod(index, len(middles))
    onset, vowel = np.divmod(index, len(_VOWELS))
    rows = zip(onset.tolist(), vowel.tolist(), middle.tolist(), end.tolist(), strict=True)
    return [_ONSETS[o] + _VOWELS[v] + middles[m] + ends[e] for o, v, m, e in rows]


@lru_cache(maxsize=1)
def given_names() -> pa.Array:
    """Every given name: the male ones first, then as many places for the female ones (see `given_weights`)."""
    male = [*MALE, *syllable_words(_TAIL, _MALE_ENDS, 7919, _GIVEN_MIDDLES)]
    female = [*FEMALE, *syllable_words(_TAIL, _FEMALE_ENDS, 10007, _GIVEN_MIDDLES)]
    size = min(len(male), len(female))
    return pa.array(male[:size] + female[:size], type=pa.string())


@lru_cache(maxsize=1)
def given_weights() -> Floats:
    """Cumulative weights of one gender's names; a female name's code is the index plus half the stock."""
    return cumulative(len(given_names()) // 2, 20, 1.6)


@lru_cache(maxsize=4)
def family_names(size: int) -> pa.Array:
    """`size` surnames: common ones first (a hyphen in the list stands for a blank, except in the first part 'St-'), then built ones."""
    common = [name if name.startswith("St-") else name.replace("-", " ") for name in _SURNAMES]
    built = syllable_words(max(size - len(common), 0), _FAMILY_ENDS, 611953)
    return pa.array((common + built)[:size], type=pa.string())


@lru_cache(maxsize=4)
def family_weights(size: int) -> Floats:
    """Cumulative weights of the surnames."""
    return cumulative(size, 15, 0.9)
