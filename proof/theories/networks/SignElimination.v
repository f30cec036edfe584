(** Elimination of units whose part of the product is 0: what is left of a matrix for the other units. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Networks Integers Combinations.
From Proof.rules Require Import Blocks Gram.
From Proof.networks Require Import MinorNodes DefiniteMatrices Interactions.
Import ListNotations.
Open Scope Z_scope.

(** The first row that is not 0 at its head, with a positive one, and the other rows. *)
Fixpoint pivot_row (rows : list (list Z)) : option (list Z * list (list Z)) :=
  match rows with
  | [] => None
  | row :: rows' =>
      if 0 <? hd 0 row then Some (row, rows')
      else if hd 0 row <? 0 then Some (map Z.opp row, rows')
      else match pivot_row rows' with Some (r, rest) => Some (r, row :: rest) | None => None end
  end.

(** A row without its head, by the pivot row. *)
Definition eliminated (d : Z) (pivot row : list Z) : list Z := reduced d (combined (hd 0 pivot) (tl row) (hd 0 row) (tl pivot)).

(** One column after the other, by rows of the active units; the last pivot divides the new entries (Bareiss). *)
Fixpoint eliminate (active : list Z) (d : Z) (heads : list (list Z)) (others : list (Z * list Z))
  : outcome (list (Z * list Z) * Z) :=
  match active with
  | [] => Good (others, d)
  | _ :: active' =>
      match pivot_row heads with
      | None => Bad SingularSigns
      | Some (pivot, rest) =>
          eliminate active' (hd 0 pivot) (map (eliminated d pivot) rest)
            (map (fun r => (fst r, eliminated d pivot (snd r))) others)
      end
  end.

(** What is left of a matrix for the other units, when the active ones are eliminated: a positive multiple of N. *)
Definition remaining (all : list Z) (active other : Z -> bool) (m : list (Z * list Z)) : outcome node :=
  let first := map active all in
  let second := map other all in
  let arranged row := cut first row ++ cut second row in
  match eliminate (filter active all) 1
    (map (fun r => arranged (snd r)) (filter (fun r => active (fst r)) m))
    (map (fun r => (fst r, arranged (snd r))) (filter (fun r => other (fst r)) m)) with
  | Good (rows, d) => Good (Node (filter other all) rows d)
  | Bad why => Bad why
  end.

Open Scope R_scope.

Lemma idot_reduced : forall d row, exists f, 0 < f /\ forall w, f * idot (reduced d row) w = idot row w.
Proof.
  intros d row. unfold reduced. destruct (Z.ltb_spec 1 d) as [D|_]; [|exists 1; split; [lra|intro; ring]].
  destruct (quotients d row) as [z|] eqn:Q; [|exists 1; split; [lra|intro; ring]].
  exists (IZR d). split; [apply (IZR_lt 0); lia|]. revert z Q.
  induction row as [|a row IH]; intros z Q w; cbn [quotients] in Q; [injection Q as <-; cbn; ring|].
  pose proof (Z.quotrem_eq a d) as E. destruct (Z.quotrem a d) as [q r]. destruct (r =? 0)%Z eqn:R; [|discriminate].
  apply Z.eqb_eq in R. destruct (quotients d row) as [rest|]; [|discriminate]. injection Q as <-. cbn [idot].
  rewrite Rmult_plus_distr_l, (IH rest eq_refl), E, R, Z.add_0_r, mult_IZR. ring.
Qed.

Lemma idot_hd_tl : forall row s u us, idot row (values s (u :: us)) = IZR (hd 0%Z row) * s u + idot (tl row) (values s us).
Proof. intros [|a row] s u us; [cbn; ring|]. apply idot_values_cons. Qed.

Lemma idot_opp : forall w x, idot (map Z.opp w) x = - idot w x.
Proof. induction w as [|a w IH]; intro x; cbn [map idot]; [ring|]. rewrite IH, opp_IZR. ring. Qed.

(** The pivot row is one of the rows, perhaps with the other sign. *)
Lemma pivot_row_spec : forall w rows pivot rest, pivot_row rows = Some (pivot, rest) ->
  (forall h, In h rows -> idot h w = 0) ->
  (0 < hd 0 pivot)%Z /\ idot pivot w = 0 /\ forall h, In h rest -> idot h w = 0.
Proof.
  intros w. induction rows as [|row rows IH]; intros pivot rest H Z0; cbn [pivot_row] in H; [discriminate|].
  destruct (Z.ltb_spec 0 (hd 0%Z row)) as [P|P].
  - injection H as <- <-. split; [exact P|]. split; [apply Z0; left; reflexivity|]. intros h I. apply Z0. right. exact I.
  - destruct (Z.ltb_spec (hd 0%Z row) 0) as [N|N].
    + injection H as <- <-. split; [destruct row as [|a row]; cbn in *; lia|].
      split; [rewrite idot_opp, (Z0 row (or_introl eq_refl)); ring|]. intros h I. apply Z0. right. exact I.
    + destruct (pivot_row rows) as [[p q]|]; [|discriminate]. injection H as <- <-.
      destruct (IH p q eq_refl (fun h I => Z0 h (or_intror I))) as (A & B & C). split; [exact A|]. split; [exact B|].
      intros h [<-|I]; [apply Z0; left; reflexivity|apply C, I].
Qed.

Lemma eliminated_spec : forall s u us d pivot row, (0 < hd 0 pivot)%Z -> idot pivot (values s (u :: us)) = 0 ->
  exists c, 0 < c /\ idot (eliminated d pivot row) (values s us) = c * idot row (values s (u :: us)).
Proof.
  intros s u us d pivot row P Z0. apply (IZR_lt 0) in P. unfold eliminated.
  destruct (idot_reduced d (combined (hd 0%Z pivot) (tl row) (hd 0%Z row) (tl pivot))) as (f & F & E).
  exists (IZR (hd 0%Z pivot) / f). split; [apply Rdiv_lt_0_compat; assumption|].
  specialize (E (values s us)). rewrite idot_combined in E. rewrite idot_hd_tl in Z0. rewrite idot_hd_tl.
  apply Rmult_eq_reg_l with f; [|lra]. rewrite E.
  replace (idot (tl pivot) (values s us)) with (- (IZR (hd 0%Z pivot) * s u)) by lra. field. lra.
Qed.

(** Where the rows of the active units are 0, the others keep their signs; and nothing but 0 is left of the active units. *)
Lemma eliminate_sound : forall s V O d heads others rows d', eliminate O d heads others = Good (rows, d') ->
  (forall h, In h heads -> idot h (values s (O ++ V)) = 0) ->
  map fst rows = map fst others /\
  (forall i r, In (i, r) rows -> exists row c, In (i, row) others /\ 0 < c /\
    idot r (values s V) = c * idot row (values s (O ++ V))) /\
  ((forall j, In j V -> s j = 0) -> forall j, In j O -> s j = 0).
Proof.
  intros s V. induction O as [|u O IH]; intros d heads others rows d' H Z0; cbn [eliminate] in H.
  - injection H as <- <-. split; [reflexivity|]. split; [|intros _ j []].
    intros i r I. exists r, 1. split; [exact I|]. split; [lra|]. cbn [app]. ring.
  - destruct (pivot_row heads) as [[pivot rest]|] eqn:P; [|discriminate].
    destruct (pivot_row_spec _ _ _ _ P Z0) as (PP & PZ & RZ). cbn [app] in PZ, RZ.
    destruct (IH _ _ _ _ _ H) as (U & R & K).
    { intros h I. apply in_map_iff in I as (row & <- & I).
      destruct (eliminated_spec s u (O ++ V) d pivot row PP PZ) as (c & _ & E). rewrite E, RZ by exact I. ring. }
    split; [rewrite U, map_map; reflexivity|]. split.
    + intros i r I. destruct (R i r I) as (row' & c & I' & C & E). apply in_map_iff in I' as ([k row] & EQ & I').
      cbn [fst snd] in EQ. injection EQ as -> <-. destruct (eliminated_spec s u (O ++ V) d pivot row PP PZ) as (c' & C' & E').
      exists row, (c * c'). split; [exact I'|]. split; [apply Rmult_lt_0_compat; assumption|]. rewrite E, E'. cbn [app]. ring.
    + intros VZ. specialize (K VZ). intros j [<-|J]; [|apply K, J]. rewrite idot_hd_tl in PZ.
      rewrite (idot_zero_point (tl pivot)) in PZ.
      * apply (IZR_lt 0) in PP. apply Rmult_eq_reg_l with (IZR (hd 0%Z pivot)); lra.
      * intros l _. unfold values, point_of. destruct (Nat.lt_ge_cases l (length (O ++ V))) as [L|L].
        -- rewrite (nth_indep _ 0 (s 0%Z)), map_nth by (rewrite map_length; exact L).
           assert (I := nth_In _ 0%Z L). apply in_app_or in I as [I|I]; [apply K, I|apply VZ, I].
        -- apply nth_overflow. rewrite map_length. exact L.
Qed.

Lemma idot_values_app : forall s us vs a b, length a = length us ->
  idot (a ++ b) (values s (us ++ vs)) = idot a (values s us) + idot b (values s vs).
Proof.
  induction us as [|u us IH]; intros vs [|x a] b L; try discriminate L; [cbn [app idot]; ring|]. injection L as L.
  cbn [app]. rewrite !idot_values_cons, IH by exact L. ring.
Qed.

Lemma cut_map_length : forall A (f : Z -> bool) us (row : list A), length row = length us ->
  length (cut (map f us) row) = length (filter f us).
Proof.
  induction us as [|u us IH]; intros [|a row] L; try discriminate L; [reflexivity|]. injection L as L.
  cbn [map cut filter]. destruct (f u); cbn [length]; rewrite IH by exact L; reflexivity.
Qed.

(** The units in two parts, and others at which s is 0. *)
Lemma idot_two_parts : forall s (f g : Z -> bool) us row, (forall j, f j = true -> g j = false) ->
  (forall j, In j us -> f j = false -> g j = false -> s j = 0) -> length row = length us ->
  idot (cut (map f us) row ++ cut (map g us) row) (values s (filter f us ++ filter g us)) = idot row (values s us).
Proof.
  intros s f g us row D Z0 L. rewrite idot_values_app by (apply cut_map_length, L). revert row L Z0.
  induction us as [|u us IH]; intros [|a row] L Z0; try discriminate L; [cbn; ring|]. injection L as L.
  specialize (IH row L (fun j J => Z0 j (or_intror J))). assert (U := Z0 u (or_introl eq_refl)). specialize (D u).
  cbn [map cut filter]. rewrite idot_values_cons. destruct (f u) eqn:F; [rewrite (D eq_refl)|destruct (g u) eqn:G];
    rewrite ?idot_values_cons, <- IH; try ring. rewrite U by reflexivity. ring.
Qed.

Theorem remaining_sound : forall s all active other m nd, remaining all active other m = Good nd ->
  NoDup all -> map fst m = all -> (forall i row, In (i, row) m -> length row = length all) ->
  (forall j, active j = true -> other j = false) ->
  (forall j, In j all -> active j = false -> other j = false -> s j = 0) ->
  (forall i row, In (i, row) m -> active i = true -> idot row (values s all) = 0) ->
  units nd = filter other all /\ well_formed nd /\
  (forall i r, In (i, r) (matrix nd) -> exists row c, In (i, row) m /\ 0 < c /\
    idot r (values s (units nd)) = c * idot row (values s all)) /\
  ((forall j, In j (units nd) -> s j = 0) -> forall j, In j all -> active j = true -> s j = 0).
Proof.
  intros s all active other m nd H N U L D Z0 A. unfold remaining in H.
  set (arranged := fun row : list Z => cut (map active all) row ++ cut (map other all) row) in H.
  assert (AR : forall i row, In (i, row) m ->
    idot (arranged row) (values s (filter active all ++ filter other all)) = idot row (values s all)).
  { intros i row I. apply idot_two_parts; auto. apply (L i row I). }
  destruct (eliminate _ _ _ _) as [[rows d]|] eqn:E; [|discriminate]. injection H as <-. cbn [units matrix].
  destruct (eliminate_sound s (filter other all) _ _ _ _ _ _ E) as (UR & R & K).
  { intros h I. apply in_map_iff in I as ([i row] & <- & I). apply filter_In in I as [I B]. cbn [fst snd] in *.
    transitivity (idot row (values s all)); [exact (AR i row I)|apply (A i row I B)]. }
  split; [reflexivity|]. split; [|split].
  - split; cbn [units matrix]; [|apply NoDup_filter, N]. rewrite UR.
    transitivity (filter other (map fst m)); [exact (units_changed other arranged m)|rewrite U; reflexivity].
  - intros i r I. destruct (R i r I) as (row' & c & I' & C & EQ). apply in_map_iff in I' as ([k row] & KE & I').
    injection KE as -> <-. apply filter_In in I' as [I' _]. exists row, c. split; [exact I'|]. split; [exact C|].
    rewrite EQ. f_equal. exact (AR i row I').
  - intros V j J B. apply (K V). apply filter_In. auto.
Qed.
